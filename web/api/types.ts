import type { Readable } from "openapi-typescript-helpers";
import type { components, paths } from "./schema";

/** The schemas as the client answers them. */
type Schemas = Readable<components["schemas"]>;

export type Agent = Schemas["AgentView"];
export type AgentChoice = Schemas["AgentChoice"];
export type Action = Schemas["ActionResult"]["action"];
export type ActionResult = Schemas["ActionResult"];
export type Attempt = Schemas["AttemptView"];
export type Batch = Schemas["BatchView"];
export type BatchCounts = Schemas["BatchCountsView"];
export type BatchDeleted = Schemas["BatchDeleted"];
/** What a batch is asked for with; the idempotency key goes in a header. */
export type BatchRequest = paths["/api/batches"]["post"]["requestBody"]["content"]["application/json"];
export type BatchUpdate = paths["/api/batches/{batch_id}"]["patch"]["requestBody"]["content"]["application/json"];
export type Budget = Schemas["Budget"];
export type Counts = Schemas["Counts"];
export type DeleteResult = Schemas["DeleteResult"];
export type Extraction = Schemas["Extraction"];
export type Environment = Schemas["EnvironmentView"];
export type Build = Schemas["BuildView"];
export type Occupied = Schemas["OccupiedView"];
export type Runtime = Schemas["RuntimeView"];
export type Setting = Schemas["SettingView"];
export type Superfluous = Schemas["SuperfluousView"];
export type Finding = Schemas["Finding"];
export type KnownModel = Schemas["KnownModel"];
export type Evidence = Schemas["Evidence"];
export type Facets = Schemas["Facets"];
export type Health = Schemas["Health"];
export type Interval = Schemas["Interval"];
export type Log = Schemas["Log"];
export type Match = Schemas["Match"];
export type Order = Schemas["OrderView"];
export type People = Schemas["PeopleView"];
export type PassCurve = Schemas["PassCurve"];
export type PhaseTiming = Schemas["PhaseTiming"];
export type Problem = Schemas["Problem"];
export type ProblemField = Schemas["ProblemField"];
export type Question = Schemas["QuestionView"];
export type Quota = Schemas["Quota"];
export type QuotaLimits = Schemas["QuotaLimits"];
export type Rollout = Schemas["RolloutView"];
export type RolloutDetail = Schemas["RolloutDetail"];
export type RolloutError = Schemas["RolloutError"];
export type RolloutLimits = Schemas["RolloutLimits"];
export type RolloutQuery = NonNullable<paths["/api/rollouts"]["get"]["parameters"]["query"]>;
export type Status = Schemas["Status"];
export type Step = Schemas["StepView"];
/** An event of the log. */
export type StreamEvent = Schemas["LoggedEvent"];
export type Takeover = Schemas["TakeoverView"];
export type TaskDetail = Schemas["TaskDetail"];
export type TaskSummary = Schemas["TaskSummary"];
export type Task = Schemas["Task"];
export type UploadPreview = Schemas["UploadPreview"];
export type UploadResult = Schemas["UploadResult"];
export type Verdict = Schemas["Verdict"];
export type VerifierSpec = Schemas["VerifierSpec"];
export type Worker = Schemas["WorkerView"];

/** Statistics. */
export type Cause = Schemas["Cause"];
export type ContestantSuccess = Schemas["ContestantSuccess"];
export type DaySuccess = Schemas["DaySuccess"];
export type Effort = Schemas["Effort"];
export type Failure = Schemas["Failure"];
export type Flakiness = Schemas["Flakiness"];
export type LeftOut = Schemas["LeftOut"];
export type MatrixCell = Schemas["Cell"];
export type Overview = Schemas["Overview"];
export type Spread = Schemas["Spread"];
export type SuccessByDay = Schemas["SuccessByDay"];
export type SuccessRates = Schemas["SuccessRates"];
