"use client";

import { Button, Skeleton } from "@mantine/core";
import dynamic from "next/dynamic";

/** Everything that the list shows, as a file. */
export const ExportMenu = dynamic(() => import("./ExportButton"), {
  ssr: false,
  loading: () => (
    <Skeleton width={88}>
      <Button variant="default">Export</Button>
    </Skeleton>
  ),
});
