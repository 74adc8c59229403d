"use client";

import { Button, Skeleton } from "@mantine/core";
import dynamic from "next/dynamic";

/** Named ways to look at rollouts. */
export const SavedViews = dynamic(() => import("./SavedViewsMenu"), {
  ssr: false,
  loading: () => (
    <Skeleton width={84}>
      <Button variant="default">Views</Button>
    </Skeleton>
  ),
});
