import { nodePorts } from "../../components/ports.ts";
import { clusterForStack, requireDeployment } from "../../cli/deployment.ts";
import { secretOfStack } from "../support/deployed.ts";
import { stack } from "../support/lakehouse.ts";

/** Tells the tests of the providers where the deployed servers are, as the providers' arguments. */
export default async function setup(): Promise<void> {
  const { cluster: kind, kubeconfig } = await requireDeployment(stack);
  const cluster = await clusterForStack(stack, kind);
  const [minio, postgres, redis] = await Promise.all([
    secretOfStack("minio-root"),
    secretOfStack("postgres-superuser"),
    secretOfStack("redis"),
  ]);
  Object.assign(process.env, {
    KUBECONFIG: kubeconfig,
    LAKEHOUSE_TEST_KAFKA: JSON.stringify({
      bootstrapServers: [`localhost:${cluster.hostPort(nodePorts.kafka)}`],
      tlsEnabled: false,
    }),
    LAKEHOUSE_TEST_MINIO: JSON.stringify({
      minioServer: `localhost:${cluster.hostPort(nodePorts.minio)}`,
      minioUser: minio("user"),
      minioPassword: minio("password"),
      notificationArn: "arn:minio:sqs::testing_data_streaming:kafka",
    }),
    LAKEHOUSE_TEST_POSTGRES: JSON.stringify({
      host: "localhost",
      port: cluster.hostPort(nodePorts.postgres),
      username: postgres("username"),
      password: postgres("password"),
      sslmode: "disable",
    }),
    LAKEHOUSE_TEST_REDIS: JSON.stringify({
      host: "localhost",
      port: cluster.hostPort(nodePorts.redis),
      password: redis("password"),
    }),
    LAKEHOUSE_TEST_NESSIE: JSON.stringify({
      uri: `http://localhost:${cluster.hostPort(nodePorts.nessie)}`,
    }),
  });
}
