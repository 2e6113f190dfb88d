import type { ReactNode } from "react";

import type { Health, Pipeline, PipelineTable, StreamingQuery } from "../../api.ts";
import { count, moment, size } from "./format.ts";
import type { LiveState } from "./live-store.ts";
import { Notices } from "./notices.tsx";
import { Topics } from "./topics.tsx";

interface PipelinePageProps {
  readonly pipeline: Pipeline | null;
  readonly connection: LiveState["connection"];
}

/** The way of the data: topics, the streaming job, tables, and whether each part answers. */
export function PipelinePage({ pipeline, connection }: PipelinePageProps): ReactNode {
  return (
    <>
      <Notices status={undefined} detailProblem={null} connection={connection} />
      <Components health={pipeline?.health ?? null} />
      <Topics topics={pipeline?.topics ?? null} problem={problemOf(pipeline, "Kafka")} />
      <Queries queries={pipeline?.queries ?? null} problem={problemOf(pipeline, "Spark")} />
      <Tables tables={pipeline?.tables ?? null} problem={problemOf(pipeline, "Nessie")} />
    </>
  );
}

/** What to show in place of a list that is not there. */
function problemOf(pipeline: Pipeline | null, part: string): string {
  const health = pipeline?.health.find(({ name }) => name === part);
  return health === undefined ? "Loading…" : `${part}: ${health.detail}.`;
}

const tones = { up: "good", down: "bad", unknown: "waiting" } as const;

function Components({ health }: { readonly health: readonly Health[] | null }): ReactNode {
  return (
    <section aria-labelledby="components" aria-busy={health === null}>
      <h2 id="components">Components</h2>
      <ul className="components">
        {(health ?? []).map(({ name, state, detail, milliseconds }) => (
          <li key={name} className="card" data-tone={tones[state]}>
            <span className="dot" aria-hidden="true" />
            <strong>{name}</strong> {state}
            <small>
              {detail}
              {milliseconds !== null && `, ${milliseconds} ms`}
            </small>
          </li>
        ))}
        {health === null && <li className="card pending">Loading…</li>}
      </ul>
    </section>
  );
}

interface QueriesProps {
  readonly queries: readonly StreamingQuery[] | null;
  readonly problem: string;
}

function Queries({ queries, problem }: QueriesProps): ReactNode {
  const rate = (value: number | null): string => (value === null ? "–" : count(value));
  return (
    <section className="card" aria-labelledby="queries">
      <h2 id="queries">Streaming queries</h2>
      {queries === null || queries.length === 0 ? (
        <p className="empty">{problem}</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">Query</th>
              <th scope="col" className="number">
                In, rows/s
              </th>
              <th scope="col" className="number">
                Processed, rows/s
              </th>
              <th scope="col" className="number">
                Last batch, s
              </th>
            </tr>
          </thead>
          <tbody>
            {queries.map(({ name, inputRate, processingRate, batchMilliseconds }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td className="number">{rate(inputRate)}</td>
                <td className="number">{rate(processingRate)}</td>
                <td className="number">
                  {batchMilliseconds === null ? "–" : (batchMilliseconds / 1000).toFixed(2)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

interface TablesProps {
  readonly tables: readonly PipelineTable[] | null;
  readonly problem: string;
}

function Tables({ tables, problem }: TablesProps): ReactNode {
  const figure = (value: number | null, text = count): string =>
    value === null ? "–" : text(value);
  return (
    <section className="card" aria-labelledby="tables">
      <h2 id="tables">Iceberg tables</h2>
      {tables === null || tables.length === 0 ? (
        <p className="empty">{tables === null ? problem : "There are no tables yet."}</p>
      ) : (
        <div className="scroll" tabIndex={0} role="region" aria-labelledby="tables">
          <table>
            <thead>
              <tr>
                <th scope="col">Table</th>
                <th scope="col" className="number">
                  Rows
                </th>
                <th scope="col" className="number wide">
                  Files
                </th>
                <th scope="col" className="number wide">
                  Size
                </th>
                <th scope="col" className="number wide">
                  Snapshots made
                </th>
                <th scope="col" className="number">
                  Last commit
                </th>
              </tr>
            </thead>
            <tbody>
              {tables.map(({ name, rows, files, bytes, commits, lastCommit }) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td className="number">{figure(rows)}</td>
                  <td className="number wide">{figure(files)}</td>
                  <td className="number wide">{figure(bytes, size)}</td>
                  <td className="number wide">{figure(commits)}</td>
                  <td className="number">{lastCommit === null ? "never" : moment(lastCommit)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
