import { expect, test } from "vitest";
import { aptSources, debianMirror } from "../../../../cli/build/base.ts";

test("the mirror is the one that this machine's apt uses", () => {
  const targets = [
    "Google packages https://packages.example.org/apt/",
    "Debian Debian-Security http://mirror.example.org/debian-security/",
    "Debian Debian http://mirror.example.org/debian/",
  ].join("\n");
  expect(debianMirror(targets)).toEqual({
    archive: "http://mirror.example.org/debian",
    security: "http://mirror.example.org/debian-security",
  });
});

test.each(["", "Ubuntu Ubuntu http://archive.ubuntu.com/ubuntu/\n", "Debian Debian cdrom:[x]/\n"])(
  "the mirror is the public one where apt knows none (%j)",
  (targets) => {
    expect(debianMirror(targets)).toEqual({
      archive: "http://deb.debian.org/debian",
      security: "http://deb.debian.org/debian-security",
    });
  },
);

test("a suite comes with its updates", () => {
  expect(aptSources("trixie", { archive: "http://a", security: "http://s" })).toEqual([
    "deb http://a trixie main",
    "deb http://a trixie-updates main",
    "deb http://s trixie-security main",
  ]);
});
