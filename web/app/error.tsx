"use client";

import { Button } from "@mantine/core";
import { EmptyState } from "@/components/EmptyState";
import { Frame } from "@/features/shell/Frame";

/** What is left of a page in which something broke. */
export default function PageError({ error, reset }: { error: Error; reset: () => void }) {
  return (
    <Frame>
      <EmptyState title="This page met an error that it did not expect" detail={error.message} home>
        <Button onClick={reset}>Try again</Button>
      </EmptyState>
    </Frame>
  );
}
