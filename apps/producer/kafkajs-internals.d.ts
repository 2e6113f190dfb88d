declare module "kafkajs/src/network/requestQueue/index.js" {
  /** One connection's queue of requests, as far as `kafkajs-timers.ts` corrects it. */
  export default class RequestQueue {
    readonly pending: readonly unknown[];
    readonly throttledUntil: number;
    scheduleCheckPendingRequests(): void;
  }
}
