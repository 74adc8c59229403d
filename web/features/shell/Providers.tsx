"use client";

import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { NuqsAdapter } from "nuqs/adapters/next/app";
import { type ReactNode, useState } from "react";
import { failureOf } from "@/api/problem";
import { UploadProvider } from "@/features/upload/UploadProvider";
import { StreamProvider } from "./StreamProvider";
import { cssVariables, theme } from "./theme";

/** Asks again only where asking again can help; the stream asks again when the server is back. Rolldeck's server may be on a machine that is offline. */
function createQueryClient() {
  return new QueryClient({
    defaultOptions: {
      queries: {
        networkMode: "always",
        staleTime: 500,
        retry: (failures, error) => failureOf(error).unreachable && failures < 1,
        retryDelay: 500,
      },
      mutations: { networkMode: "always", retry: false },
    },
  });
}

export function Providers({ children }: { children: ReactNode }) {
  const [queryClient] = useState(createQueryClient);
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
      <QueryClientProvider client={queryClient}>
        <StreamProvider>
          <NuqsAdapter>
            <UploadProvider>{children}</UploadProvider>
          </NuqsAdapter>
        </StreamProvider>
      </QueryClientProvider>
    </MantineProvider>
  );
}
