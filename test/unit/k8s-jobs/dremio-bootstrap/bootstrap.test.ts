import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { UserError } from "../../../../cli/errors.ts";
import { bootstrap } from "../../../../k8s-jobs/dremio-bootstrap/bootstrap.ts";
import type { Settings } from "../../../../k8s-jobs/dremio-bootstrap/settings.ts";
import { DremioStandIn } from "../../../support/dremio.ts";

const kpiTable = "nessie_minio_catalog.ecommerce_db.kpis_per_minute";
const password = "generated0password";
const secretKey = "secretKeyOfMinio";
const everything = [
  "fresh answers",
  "source",
  "space",
  "view busiest_minute",
  "view revenue",
  "reflection of kpis_per_minute",
];

let dremio: DremioStandIn;
let url: string;
let views: string;
let log: string[];

beforeEach(async () => {
  dremio = new DremioStandIn();
  dremio.tables.set(kpiTable, ["window_start", "window_end", "revenue"]);
  url = await dremio.start();
  views = await mkdtemp(join(tmpdir(), "views-"));
  log = [];
  // Named so that the one that is needed by the other comes last.
  await writeFile(
    join(views, "busiest_minute.sql"),
    "SELECT window_start FROM lakehouse.revenue ORDER BY revenue DESC LIMIT 1;\n",
  );
  await writeFile(
    join(views, "revenue.sql"),
    `-- Revenue of each minute.\nSELECT window_start, revenue FROM ${kpiTable}\n`,
  );
  await writeFile(join(views, "README.md"), "Not a view.");
});

afterEach(async () => {
  await dremio.stop();
  await rm(views, { recursive: true });
});

const settings = (changes: Partial<Settings> = {}): Settings => ({
  dremio: { url, username: "lakehouse", password },
  nessieUri: "http://nessie:19120/api/v2",
  objectStorage: { endpoint: "http://minio:9000", accessKey: "query", secretKey },
  views,
  patienceSeconds: 20,
  ...changes,
});

const run = (changes?: Partial<Settings>) =>
  bootstrap(settings(changes), { pause: 5, log: (line) => log.push(line) });

/** The error that a run ends with. */
const failure = async (changes?: Partial<Settings>): Promise<Error & { cure?: string }> => {
  try {
    await run(changes);
  } catch (error) {
    return error as Error & { cure?: string };
  }
  throw new Error("The run did not fail");
};

describe("a new Dremio", () => {
  it("gets its user, the catalog, views and reflections", async () => {
    expect(await run()).toEqual(everything);
    expect(dremio.writes[0]).toBe("PUT /apiv2/bootstrap/firstuser");
    expect(dremio.entities.get("nessie_minio_catalog")).toMatchObject({
      entityType: "source",
      type: "NESSIE",
      accelerationActivePolicyType: "PERIOD",
      accelerationRefreshPeriodMs: 300_000,
      accelerationGracePeriodMs: 10_800_000,
      config: {
        nessieEndpoint: "http://nessie:19120/api/v2",
        nessieAuthType: "NONE",
        credentialType: "ACCESS_KEY",
        awsAccessKey: "query",
        awsAccessSecret: secretKey,
        awsRootPath: "warehouse",
        secure: false,
      },
    });
    const { propertyList } = dremio.entities.get("nessie_minio_catalog")?.["config"] as {
      propertyList: unknown[];
    };
    expect(propertyList.slice(0, 4)).toEqual([
      { name: "fs.s3a.endpoint", value: "minio:9000" },
      { name: "fs.s3a.path.style.access", value: "true" },
      { name: "fs.s3a.connection.ssl.enabled", value: "false" },
      { name: "dremio.s3.compat", value: "true" },
    ]);
    expect(dremio.entities.get("lakehouse.revenue")).toMatchObject({
      type: "VIRTUAL_DATASET",
      path: ["lakehouse", "revenue"],
      sql: `-- Revenue of each minute.\nSELECT window_start, revenue FROM ${kpiTable}`,
    });
    expect([...dremio.reflections.values()]).toMatchObject([
      {
        type: "RAW",
        enabled: true,
        displayFields: [{ name: "window_start" }, { name: "window_end" }, { name: "revenue" }],
        sortFields: [{ name: "window_start" }],
      },
    ]);
    expect([...dremio.settings.values()]).toMatchObject([{ value: true }]);
  });

  it("is waited for while it starts, and so are Nessie and the source", async () => {
    dremio.startsAfter = 4;
    dremio.nessieStartsAfter = 2;
    dremio.sourceIsBadFor = 2;
    expect(await run()).toEqual(everything);
    expect(log.filter((line) => line.startsWith("waiting: "))).toEqual([
      "waiting: Dremio answers 503 to POST /apiv2/login",
      "waiting: Dremio answers 400 to POST /api/v3/catalog: " +
        "Make sure that the Nessie server is up and running",
      "waiting: the source nessie_minio_catalog is bad: Source is not available.",
    ]);
  });

  it("is waited for while it does not even listen", async () => {
    await dremio.stop();
    const late = run();
    await expect.poll(() => log.join()).toContain("does not answer");
    dremio = new DremioStandIn();
    dremio.tables.set(kpiTable, ["window_start", "window_end", "revenue"]);
    await dremio.start(Number(new URL(url).port));
    expect(await late).toEqual(everything);
  });

  it("is waited for until streaming has made the tables", async () => {
    dremio.tables.clear();
    const late = run();
    await expect
      .poll(() => log.join())
      .toContain("Object 'kpis_per_minute' not found within 'nessie_minio_catalog.ecommerce_db'");
    dremio.tables.set(kpiTable, ["window_start"]);
    expect(await late).toEqual(everything);
  });

  it("is given up when there is no time left, with the last reason", async () => {
    dremio.startsAfter = Number.POSITIVE_INFINITY;
    expect((await failure({ patienceSeconds: 0 })).message).toBe(
      "Dremio answers 503 to POST /apiv2/login",
    );
  });
});

describe("a second run", () => {
  it("changes nothing", async () => {
    await run();
    dremio.asked.length = 0;
    expect(await run()).toEqual([]);
    expect(dremio.writes).toEqual([]);
  });

  it.each(
    // Every request of a first run, each as the one after which the first run is cut off.
    Array.from({ length: 20 }, (_, index) => index),
  )("completes a first one that was cut off after %i requests", async (count) => {
    let left = count;
    dremio.interfere = () => (left-- > 0 ? undefined : 418);
    await run().catch(() => undefined);
    dremio.interfere = undefined;
    await run();
    expect(dremio.entities.size).toBe(4);
    expect(dremio.reflections.size).toBe(1);
    dremio.asked.length = 0;
    expect(await run()).toEqual([]);
  });

  it.each([
    ["the address of Nessie", { nessieUri: "http://other:19120/api/v2" }],
    [
      "keys of which Dremio shows nothing",
      { objectStorage: { endpoint: "http://minio:9000", accessKey: "query", secretKey: "new" } },
    ],
  ])("brings %s to the source", async (_, changes) => {
    await run();
    expect(await run(changes)).toEqual(["source"]);
    expect(await run(changes)).toEqual([]);
  });

  it("has reflections refreshed of a source that was made without", async () => {
    await run();
    const source = dremio.entities.get("nessie_minio_catalog");
    dremio.entities.set("nessie_minio_catalog", { ...source, accelerationRefreshPeriodMs: 0 });
    expect(await run()).toEqual(["source"]);
    expect(await run()).toEqual([]);
  });

  it("brings a view's new SQL, and leaves the others alone", async () => {
    await run();
    await writeFile(join(views, "revenue.sql"), `SELECT revenue FROM ${kpiTable}`);
    expect(await run()).toEqual(["view revenue"]);
    expect(dremio.entities.get("lakehouse.revenue")?.["sql"]).toBe(
      `SELECT revenue FROM ${kpiTable}`,
    );
  });

  it("brings a table's new column to its reflection", async () => {
    await run();
    dremio.tables.set(kpiTable, ["window_start", "window_end", "revenue", "orders"]);
    expect(await run()).toEqual(["reflection of kpis_per_minute"]);
  });

  it("reads again what somebody else changed at the same time", async () => {
    await run();
    await writeFile(join(views, "revenue.sql"), `SELECT revenue FROM ${kpiTable}`);
    const touch = (key: string) => {
      const entity = dremio.entities.get(key) ?? {};
      dremio.entities.set(key, { ...entity, tag: `changed by hand` });
    };
    const touched = new Set<string>();
    dremio.interfere = (method) => {
      if (method === "PUT" && touched.size < 2) {
        const key = touched.size === 0 ? "nessie_minio_catalog" : "lakehouse.revenue";
        touched.add(key);
        touch(key);
      }
      return undefined;
    };
    const changes = await run({ nessieUri: "http://other:19120/api/v2" });
    expect(changes).toEqual(["source", "view revenue"]);
    expect(dremio.asked.filter(({ status }) => status === 409).length).toBeGreaterThan(0);
  });
});

describe("signing in", () => {
  it("is done again when the token has expired", async () => {
    let requests = 0;
    dremio.interfere = () => {
      requests += 1;
      if (requests % 4 === 0) dremio.expireTokens();
      return undefined;
    };
    expect(await run()).toEqual(everything);
    expect(dremio.asked.filter(({ status }) => status === 401).length).toBeGreaterThan(1);
  });

  it("goes on when another run has just registered the user", async () => {
    dremio.interfere = (_, path) => {
      if (path === "/apiv2/bootstrap/firstuser") dremio.register("lakehouse", password);
      return undefined;
    };
    expect(await run()).toEqual(everything);
  });

  it("tells a wrong password with its cure", async () => {
    dremio.register("lakehouse", "another0password");
    const error = await failure();
    expect(error).toBeInstanceOf(UserError);
    expect(error.message).toBe(
      `Dremio at ${url} has users already, but not "lakehouse" with the password of this stack`,
    );
    expect(error.cure).toContain("dremio-admin set-password");
  });

  it("tells a password that Dremio does not take", async () => {
    const error = await failure({ dremio: { url, username: "lakehouse", password: "short" } });
    expect(error.message).toContain("Invalid password");
  });

  it.each(["24.3.2-202401241821100032-d2d8a497", "26.0.0-202504290223270716-afdd6663"])(
    "refuses version %s before anything is changed",
    async (version) => {
      dremio.register("lakehouse", password);
      dremio.version = version;
      const error = await failure();
      expect(error.message).toBe(`This is Dremio ${version}, and only 25 is known here`);
      expect(dremio.writes).toEqual([]);
    },
  );

  it("tells a Dremio without the setting for fresh answers", async () => {
    dremio.settings.clear();
    expect((await failure()).message).toContain("does not know the setting");
  });
});

describe("failures", () => {
  it("repeats what was cut off, and does not do it twice", async () => {
    const seen = new Set<string>();
    dremio.interfere = (method, path) => {
      const request = `${method} ${path}`;
      if (seen.has(request)) return undefined;
      seen.add(request);
      return "cut";
    };
    expect(await run()).toEqual(everything);
    expect(dremio.entities.size).toBe(4);
  });

  it("tells at once a setting of the source that this Dremio does not know", async () => {
    dremio.nessieFields.delete("storageProvider");
    expect((await failure()).message).toBe(
      "Dremio answers 400 to POST /api/v3/catalog: Invalid value found at: config.storageProvider",
    );
  });

  it("tells why Dremio did not take the source, when there is no time left", async () => {
    const error = await failure({ nessieUri: "http://nessie:19120/api/v1", patienceSeconds: 0 });
    expect(error.message).toContain("Invalid API version in the Nessie endpoint");
  });

  it("tells at once what is wrong with a view's SQL", async () => {
    dremio.interfere = (method, path) =>
      method === "POST" && path === "/api/v3/catalog" && dremio.entities.has("lakehouse")
        ? 400
        : undefined;
    expect((await failure()).message).toMatch(
      /^Dremio answers 400 to POST \/api\/v3\/catalog: Something is wrong: .*busiest_minute/,
    );
  });

  it.each([
    ["DROP TABLE a.b", "revenue.sql"],
    ["", "revenue.sql"],
    ["DELETE FROM a; SELECT 1", "revenue.sql"],
  ])("refuses a file that is no query: %j", async (sql, file) => {
    await writeFile(join(views, file), sql);
    expect((await failure()).message).toBe("Not one query in each of: revenue.sql");
    expect(dremio.asked).toEqual([]);
  });

  it.each(["nessie_minio_catalog", "lakehouse"])(
    "does not touch something else of the name %s",
    async (name) => {
      dremio.register("lakehouse", password);
      const other = { entityType: "folder", id: "1", tag: "1", name };
      dremio.entities.set(name, other);
      await failure();
      expect(dremio.entities.get(name)).toBe(other);
    },
  );

  it.each(["/apiv2/bootstrap/firstuser", "/apiv2/login", "/api/v3/catalog"])(
    "shows no secret, though Dremio repeats what was sent to %s",
    async (refused) => {
      if (refused === "/apiv2/login") dremio.register("lakehouse", password);
      dremio.interfere = (method, path) => (method !== "GET" && path === refused ? 400 : undefined);
      const error = await failure({ patienceSeconds: 0 });
      expect(error.message).toContain("***");
      const told = [...log, error.message].join("\n");
      expect(told).not.toContain(password);
      expect(told).not.toContain(secretKey);
    },
  );
});
