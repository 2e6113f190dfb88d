import { nodePorts } from "../../components/ports.ts";
import { addressOf, secretOfStack } from "./deployed.ts";
import { eventually } from "./lakehouse.ts";

/** Airflow's REST API, as its administrator. */
export class Airflow {
  readonly #url: string;
  readonly #token: string;

  private constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  /** Signs in with the generated password. */
  static async signIn(): Promise<Airflow> {
    const entry = await secretOfStack("airflow-user");
    const url = `http://${await addressOf(nodePorts.airflow)}`;
    const answer = await fetch(`${url}/auth/token`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ username: entry("username"), password: entry("password") }),
    });
    if (!answer.ok) throw new Error(`sign-in: ${answer.status} ${await answer.text()}`);
    const { access_token: token } = (await answer.json()) as { access_token: string };
    return new Airflow(url, token);
  }

  /** How a request without a token is answered. */
  async statusForStrangers(path: string): Promise<number> {
    return (await fetch(`${this.#url}/api/v2${path}`)).status;
  }

  async get<Answer>(path: string): Promise<Answer> {
    return this.#ask<Answer>(path, {});
  }

  /** Triggers a DAG and waits for the end of its run. */
  async run(dag: string): Promise<{ id: string; state: string }> {
    const runs = `/dags/${dag}/dagRuns`;
    const { dag_run_id: id } = await this.#ask<{ dag_run_id: string }>(runs, {
      method: "POST",
      body: JSON.stringify({ logical_date: null }),
    });
    const { state } = await eventually(
      `the end of ${dag}`,
      () => this.get<{ state: string }>(`${runs}/${encodeURIComponent(id)}`),
      (now) => now.state === "success" || now.state === "failed",
      480,
    );
    return { id, state };
  }

  async #ask<Answer>(path: string, init: RequestInit): Promise<Answer> {
    const answer = await fetch(`${this.#url}/api/v2${path}`, {
      ...init,
      headers: { authorization: `Bearer ${this.#token}`, "content-type": "application/json" },
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Answer;
  }
}
