import type { Alert } from "../dashboard/api.ts";

/** What can be told of an alert: that it is there, and that it is over. */
export type NoticeType = "raised" | "recovered";

/** One thing to be told. */
export interface Notice {
  readonly type: NoticeType;
  readonly alert: Alert;
}

/** How a webhook wants to be told. */
export type Format = "json" | "slack";

/** The same for the same notice, whenever and however often it is sent. */
export function idOf({ type, alert }: Notice): string {
  return `${alert.alertId}-${type}`;
}

/** The body of the request, JSON in either format. */
export function bodyOf(notice: Notice, format: Format): string {
  return JSON.stringify(format === "slack" ? slackMessage(notice) : plainMessage(notice));
}

/** The alert by the names of its columns. */
function plainMessage(notice: Notice): object {
  const { alertId, time, kind, metric, value, expected, deviation, message, recoveredAt } =
    notice.alert;
  return {
    id: idOf(notice),
    type: `alert.${notice.type}`,
    alert: {
      ...{ alert_id: alertId, alert_time: time, kind, metric, value, expected, deviation, message },
      recovered_at: recoveredAt,
    },
  };
}

/** @see https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
function slackMessage(notice: Notice): object {
  const { time, kind, metric, message, recoveredAt } = notice.alert;
  const headline =
    notice.type === "recovered"
      ? `:white_check_mark: Recovered: ${metric}`
      : `:rotating_light: ${kind === "fatal_error" ? "Fatal error" : "Anomaly"}: ${metric}`;
  const span = recoveredAt === null || notice.type === "raised" ? time : `${time} – ${recoveredAt}`;
  return { text: `*${escaped(headline)}*\n${escaped(message)}\n${span} · \`${idOf(notice)}\`` };
}

/** @see https://docs.slack.dev/messaging/formatting-message-text#escaping */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
