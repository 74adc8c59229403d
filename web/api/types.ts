import type { Readable } from "openapi-typescript-helpers";
import type { components } from "./schema";

/** The schemas as the client answers them. */
type Schemas = Readable<components["schemas"]>;

export type Agent = Schemas["AgentView"];
export type Action = Schemas["ActionResult"]["action"];
export type ActionResult = Schemas["ActionResult"];
export type Counts = Schemas["Counts"];
export type Evidence = Schemas["Evidence"];
export type Match = Schemas["Match"];
export type PhaseTiming = Schemas["PhaseTiming"];
export type Problem = Schemas["Problem"];
export type ProblemField = Schemas["ProblemField"];
export type Rollout = Schemas["RolloutView"];
export type RolloutError = Schemas["RolloutError"];
export type RolloutRequest = Schemas["RolloutRequest"];
export type Status = Schemas["Status"];
export type Step = Schemas["StepView"];
export type TaskDetail = Schemas["TaskDetail"];
export type TaskSummary = Schemas["TaskSummary"];
export type UploadResult = Schemas["UploadResult"];
export type Verdict = Schemas["Verdict"];
export type VerifierSpec = Schemas["VerifierSpec"];
