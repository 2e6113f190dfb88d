"""JupyterLab's server. Its token comes from the file that JUPYTER_TOKEN_FILE names."""

import os

c = get_config()  # noqa: F821 - Jupyter puts it there

c.ServerApp.ip = "0.0.0.0"  # noqa: S104 - the pod's own address; the Service decides who gets here
c.ServerApp.port = 8888
c.ServerApp.root_dir = os.environ["HOME"]
c.ServerApp.open_browser = False
# Kubernetes would start what this button ends.
c.ServerApp.quit_button = False
# A token is never shown in a log: `npm run open notebook` tells where it is.
c.ServerApp.use_redirect_file = False
# A kernel with Spark holds most of a gigabyte; one whose page is closed ends after an hour.
c.MappingKernelManager.cull_idle_timeout = 3600
c.MappingKernelManager.cull_interval = 300
# What runs is what the image has: neither looked for nor installed at run time.
c.LabApp.extension_manager = "readonly"
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.news_url = None
