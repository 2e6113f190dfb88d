import { describe, expect, it } from "vitest";
import { waitFor } from "../../../../providers/bridged/wait.ts";

function operation(timeoutMs: number) {
  const told: string[] = [];
  return {
    told,
    signal: AbortSignal.timeout(timeoutMs),
    status: (message: string) => {
      told.push(message);
    },
  };
}

describe("waitFor", () => {
  it("asks until there is an answer", async () => {
    let asked = 0;
    const answer = await waitFor("it", operation(5000), () => {
      asked += 1;
      return Promise.resolve(asked === 3 ? "here" : undefined);
    });
    expect(answer).toBe("here");
    expect(asked).toBe(3);
  });

  it("gives up when the operation's time is over, and says on what", async () => {
    const limited = operation(600);
    await expect(waitFor("a leader", limited, () => Promise.resolve(undefined))).rejects.toThrow(
      "gave up waiting for a leader",
    );
    expect(limited.told).toEqual(["waiting for a leader"]);
  });

  it("fails at once where asking fails", async () => {
    const failing = () => Promise.reject(new Error("no rights"));
    await expect(waitFor("it", operation(5000), failing)).rejects.toThrow("no rights");
  });
});
