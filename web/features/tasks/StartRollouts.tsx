"use client";

import { Skeleton } from "@mantine/core";
import dynamic from "next/dynamic";

export const loadStartRollouts = () => import("./StartForm");

/** The form that starts rollouts: fetched where tasks are shown, not before. */
export const StartRollouts = dynamic(loadStartRollouts, {
  ssr: false,
  loading: () => <Skeleton height={30} width={390} />,
});
