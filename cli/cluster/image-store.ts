import { mkdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { hashOf } from "../build/content.ts";
import { docker } from "../host/docker.ts";
import { cacheDir } from "../host/paths.ts";

/**
 * Where containerd of a kind node keeps its images: a folder of the cache instead of a volume that
 * goes with the node. The next node of that name then has its images from the start; copying 2 GB
 * into a new node is the longest step of a start otherwise.
 *
 * Only where the engine's root is ours as well: elsewhere the engine may run in a virtual machine,
 * whose shared folders cannot hold an overlay, or the folder could not be removed again.
 */
export function imageStore(cluster: string, nodeImage: string): string | undefined {
  const isRootsEngine = process.platform === "linux" && process.getuid?.() === 0;
  const isElsewhere = process.env["DOCKER_HOST"] !== undefined;
  if (!isRootsEngine || isElsewhere) return undefined;
  return join(storesOf(cluster), hashOf(nodeImage));
}

/**
 * Makes a store ready for a new node: fills a new one with what the node image brings, and takes the
 * last node's containers out of an old one. A store of another node image is removed.
 */
export async function prepareImageStore(
  cluster: string,
  store: string,
  nodeImage: string,
): Promise<void> {
  await mkdir(store, { recursive: true });
  await docker([
    ...["run", "--rm", "--privileged", "--network=none", "--entrypoint=sh"],
    ...[`--volume=${storesOf(cluster)}:/stores`, nodeImage, "-euc", prepare, basename(store)],
  ]);
}

/** Removes the store of a cluster that cannot be used. */
export async function removeImageStore(cluster: string): Promise<void> {
  await rm(storesOf(cluster), { recursive: true, force: true });
}

const storesOf = (cluster: string) => join(cacheDir, "containerd", cluster);

// $0 is the folder of the store. Without its Kubernetes plugin containerd leaves the containers alone
// until they are removed.
const prepare = `
cd /stores
find . -mindepth 1 -maxdepth 1 ! -name "$0" -exec rm -rf {} +
cd "$0"
if [ ! -e complete ]; then
  find . -mindepth 1 -delete
  cp -a /var/lib/containerd/. .
  touch complete
  exit
fi
cat > /tmp/config.toml <<END
version = 2
root = "$PWD"
state = "/tmp/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "/tmp/containerd.sock"
END
containerd --config /tmp/config.toml --log-level error &
export CONTAINERD_ADDRESS=/tmp/containerd.sock CONTAINERD_NAMESPACE=k8s.io
until ctr version > /dev/null 2>&1; do kill -0 $!; sleep 0.1; done
ctr containers ls --quiet | xargs --no-run-if-empty ctr containers rm > /dev/null
kill $!
wait $! || true
`;
