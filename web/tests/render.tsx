import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import { NuqsTestingAdapter } from "nuqs/adapters/testing";
import type { ReactNode } from "react";

/** Renders as the application does: with its theme, a query cache of its own, and an address that may hold parameters. */
export function renderPage(content: ReactNode, { address = "" } = {}) {
  const queryClient = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  return render(
    <MantineProvider env="test">
      <QueryClientProvider client={queryClient}>
        <NuqsTestingAdapter searchParams={address} hasMemory>
          {content}
        </NuqsTestingAdapter>
      </QueryClientProvider>
    </MantineProvider>,
  );
}
