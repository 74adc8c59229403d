import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answer, client } from "./client";
import type { Action, Order, Takeover } from "./types";

/** The open questions to persons, and the pages that they have taken over or are awaited at. */
export function usePeople() {
  return useQuery({
    queryKey: ["people"],
    queryFn: ({ signal }) => answer(client.GET("/api/people", { signal })),
  });
}

/** What concerns one rollout of it. */
export function usePeopleOf(rolloutId: string) {
  const { data } = usePeople();
  return {
    questions: data?.questions.filter(({ rollout_id }) => rollout_id === rolloutId) ?? [],
    takeover: data?.takeovers.find(({ rollout_id }) => rollout_id === rolloutId) ?? null,
  };
}

/** Answers a question; where somebody was faster, what is asked is read again. */
export function useAnswerQuestion(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (allow: boolean) =>
      answer(
        client.POST("/api/questions/{question_id}/answer", { params: { path: { question_id: id } }, body: { allow } }),
      ),
    onSettled: () => queries.invalidateQueries({ queryKey: ["people"] }),
  });
}

const at = (rolloutId: string) => ({ params: { path: { rollout_id: rolloutId } } });

export function takeOver(rolloutId: string, holder: string): Promise<Takeover> {
  return answer(client.POST("/api/rollouts/{rollout_id}/takeover", { ...at(rolloutId), body: { holder } }));
}

export function giveSign(rolloutId: string, holder: string): Promise<Takeover> {
  return answer(client.POST("/api/rollouts/{rollout_id}/takeover/sign", { ...at(rolloutId), body: { holder } }));
}

/** Has actions done; answered when they are, with what became of each. */
export function order(rolloutId: string, holder: string, actions: Action[]): Promise<Order> {
  return answer(
    client.POST("/api/rollouts/{rollout_id}/takeover/orders", { ...at(rolloutId), body: { holder, actions } }),
  );
}

/** Answers the task, where the person is the agent. */
export function answerTask(rolloutId: string, holder: string, text: string): Promise<Order> {
  return answer(
    client.POST("/api/rollouts/{rollout_id}/takeover/orders", {
      ...at(rolloutId),
      body: { holder, answer: text, actions: [] },
    }),
  );
}

/** Hands the page back, also while this page is being left. */
export function handBack(rolloutId: string, holder: string): void {
  void fetch(`/api/rollouts/${rolloutId}/takeover/release`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ holder }),
    keepalive: true,
  }).catch(() => {}); // then the page gives no more signs, which is as good
}
