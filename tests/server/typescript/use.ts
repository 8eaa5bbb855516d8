// What a program does with the service, in types made from its OpenAPI document. Checked, never run.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

type Timeline = components["schemas"]["Timeline"];
type Job = components["schemas"]["JobRow"];

const client = createClient<paths>({
  baseUrl: "http://127.0.0.1:8765",
  headers: { Authorization: "Bearer key" },
});

/** Wait until a job has ended; its result, or the sentence why there is none. */
export async function ended(id: string): Promise<Job["result"]> {
  for (;;) {
    const { data, error } = await client.GET("/api/v1/jobs/{id}", {
      params: { path: { id }, query: { wait_s: 60 } },
    });
    if (error) throw new Error(error.detail);
    const job: Job = data.job;
    if (job.state === "done") return job.result;
    if (job.state === "failed" || job.state === "cancelled") throw new Error(job.state);
  }
}

/** Seconds of face time by name. */
export async function faceTime(film: string): Promise<Map<string, number>> {
  const { data, error } = await client.GET("/api/v1/media/{id}/timeline", { params: { path: { id: film } } });
  if (error) throw new Error(`${error.code}: ${error.detail}`);
  return new Map(data.characters.map((one) => [one.name, one.visible_face_time_s]));
}

/** Who is on screen at a moment, in a timeline that was kept as a file. */
export function onScreen(timeline: Timeline, at_s: number): string[] {
  const seen = timeline.appearances.filter((one) => one.start_s <= at_s && at_s < one.end_s);
  return seen.map((one) => one.character ?? `Unknown ${one.unknown}`);
}

/** Every job, page by page. */
export async function* jobs(): AsyncGenerator<Job> {
  let cursor: string | undefined;
  do {
    const { data, error } = await client.GET("/api/v1/jobs", { params: { query: { limit: 100, cursor } } });
    if (error) throw new Error(error.detail);
    yield* data.jobs;
    cursor = data.next ?? undefined;
  } while (cursor !== undefined);
}

// @ts-expect-error a state that there is not
export const wrong: Job["state"] = "sleeping";
