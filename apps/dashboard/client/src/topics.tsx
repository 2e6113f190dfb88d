import { Fragment, type ReactNode, useEffect, useState } from "react";

import type { Messages, Topic } from "../../api.ts";
import { count, moment } from "./format.ts";

interface TopicsProps {
  readonly topics: readonly Topic[] | null;
  /** What to show in place of topics. */
  readonly problem: string;
}

/** The topics, how far the tables are behind them, and the last messages of one. */
export function Topics({ topics, problem }: TopicsProps): ReactNode {
  const [open, setOpen] = useState<string>();
  return (
    <section className="card" aria-labelledby="topics">
      <h2 id="topics">Topics</h2>
      {topics === null ? (
        <p className="empty">{problem}</p>
      ) : (
        <div className="wide-scroll" tabIndex={0} role="region" aria-labelledby="topics">
          <table>
            <thead>
              <tr>
                <th scope="col">Topic</th>
                <th scope="col" className="number wide">
                  Partitions
                </th>
                <th scope="col" className="number">
                  Messages
                </th>
                <th scope="col" className="number">
                  Lag
                </th>
                <th scope="col" className="number wide">
                  Dead letters
                </th>
                <th scope="col">
                  <span className="hidden">Last messages</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {topics.map((topic) => (
                <Fragment key={topic.name}>
                  <TopicRow
                    topic={topic}
                    isOpen={open === topic.name}
                    toggle={() => {
                      setOpen(open === topic.name ? undefined : topic.name);
                    }}
                  />
                  {open === topic.name && (
                    <tr>
                      <td colSpan={6}>
                        <LastMessages topic={topic.name} />
                      </td>
                    </tr>
                  )}
                </Fragment>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

interface TopicRowProps {
  readonly topic: Topic;
  readonly isOpen: boolean;
  readonly toggle: () => void;
}

function TopicRow({ topic, isOpen, toggle }: TopicRowProps): ReactNode {
  const { name, partitions, messages, lag, deadLetters } = topic;
  return (
    <tr>
      <th scope="row">{name}</th>
      <td className="number wide">{partitions}</td>
      <td className="number">{count(messages)}</td>
      <td className="number">
        {lag === null ? "–" : count(lag.messages)}
        {lag !== null && lag.partitions.length > 1 && (
          <small className="wide"> ({lag.partitions.map(count).join(" + ")})</small>
        )}
      </td>
      <td className="number wide">{deadLetters === null ? "–" : count(deadLetters)}</td>
      <td className="number">
        <button
          type="button"
          aria-expanded={isOpen}
          aria-label={`Last messages of ${name}`}
          onClick={toggle}
        >
          {isOpen ? "Hide" : "Look"}
        </button>
      </td>
    </tr>
  );
}

type Loaded = { readonly data: Messages } | { readonly error: string };

/** Messages are fetched when somebody looks, not all the time. */
function LastMessages({ topic }: { readonly topic: string }): ReactNode {
  const [loaded, setLoaded] = useState<Loaded>();
  const [round, setRound] = useState(0);
  useEffect(() => {
    let isGone = false;
    void fetchMessages(topic).then((answer) => {
      if (!isGone) setLoaded(answer);
    });
    return () => {
      isGone = true;
    };
  }, [topic, round]);
  if (loaded === undefined) return <p className="empty">Reading the last messages…</p>;
  return (
    <div className="messages">
      <button
        type="button"
        onClick={() => {
          setRound(round + 1);
        }}
      >
        Read again
      </button>
      {"error" in loaded ? (
        <p role="alert">{loaded.error}</p>
      ) : loaded.data.messages.length === 0 ? (
        <p className="empty">There are no messages.</p>
      ) : (
        <ol>
          {loaded.data.messages.map(({ partition, offset, time, key, value }) => (
            <li key={`${partition}-${offset}`}>
              <small>
                {moment(time)}, partition {partition}, offset {offset}
                {key !== null && `, key ${key}`}
              </small>
              <pre tabIndex={0}>{value}</pre>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}

async function fetchMessages(topic: string): Promise<Loaded> {
  try {
    const answer = await fetch(`/api/pipeline/messages?topic=${encodeURIComponent(topic)}`);
    return (await answer.json()) as Loaded;
  } catch {
    return { error: "The dashboard's server does not answer" };
  }
}
