export { Time as RelativeTime, useSecondsSince } from "./Time";
