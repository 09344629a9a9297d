import { createHash } from "node:crypto";
import { eventIdOf, makeEvent } from "./event-id.ts";

const actor = "https://remote.example/users/1";
const statusId = `${actor}/statuses/1747286633`;
const published = "2025-05-15T05:23:53.539Z";

test("is the first half of SHA-256 over kind, actor, status id and published as sent", () => {
  const hash = createHash("sha256")
    .update(`["StatusPublished","${actor}","${statusId}","${published}"]`)
    .digest("hex")
    .slice(0, 32);
  expect(
    eventIdOf("StatusPublished", { actor, statusId, published }).replaceAll(
      "-",
      ""
    )
  ).toBe(hash);
});

test("never changes: ids are stored, and meet redelivered events years later", () => {
  expect([
    eventIdOf("StatusPublished", { actor, statusId, published }),
    eventIdOf("StatusRemoved", { actor, statusId }),
    eventIdOf("StatusDeleted", { actor, statusId }),
    eventIdOf("StatusSeenAbsent", { actor, cutoff: published }),
    eventIdOf("HistoryErased", { actor, asOf: published }),
    eventIdOf("ActorDeleted", { actor }),
  ]).toMatchInlineSnapshot(`
    [
      "c50100c4-15fc-1edc-d0d1-02fd667a3526",
      "53a284e6-1af5-da62-081f-a645e05fdba9",
      "49fc1ad7-6bca-fcdb-917e-bfeb0b127572",
      "4fd6bd9f-c157-beff-4b7d-fa47488557d5",
      "d524be93-3f11-3d7b-c674-47f2b13089a7",
      "81193646-4e4f-99d8-3e66-551ebfd5bec1",
    ]
  `);
});

test("the words of a status are not part of what it is, `published` as sent is", () => {
  const content = { text: "at lunch", language: null, attachment: null };
  const metadata = { receivedAt: published, origin: "remote" } as const;
  const event = makeEvent(
    "StatusPublished",
    { actor, statusId, published, content, endTime: null, keep: true },
    metadata
  );
  expect(event.metadata.eventId).toBe(
    eventIdOf("StatusPublished", { actor, statusId, published })
  );
  expect(
    eventIdOf("StatusPublished", {
      actor,
      statusId,
      published: "2025-05-15T05:23:53.539+00:00",
    })
  ).not.toBe(event.metadata.eventId);
});
