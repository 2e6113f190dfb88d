import RequestQueue from "kafkajs/src/network/requestQueue/index.js";

/**
 * kafkajs 2.2.4 looks for pending requests a thousand times a second even when there are none, with
 * timers of negative delay that Node warns about (https://github.com/tulios/kafkajs/issues/1704 and
 * /issues/1751). A request that has to wait schedules that look itself, so the idle ones can go.
 * To be deleted with a kafkajs that has it fixed.
 */
export function stopIdleTimers(): void {
  const schedule = Object.getOwnPropertyDescriptor(
    RequestQueue.prototype,
    "scheduleCheckPendingRequests",
  )?.value as (this: RequestQueue) => void;
  RequestQueue.prototype.scheduleCheckPendingRequests = function () {
    if (this.pending.length > 0 || this.throttledUntil > Date.now()) schedule.call(this);
  };
}
