import { EmptyState } from "@/components/EmptyState";
import { Frame } from "@/features/shell/Frame";

export default function NotFound() {
  return (
    <Frame>
      <EmptyState
        title="There is no such page"
        detail="The address may be mistyped, or come from another version of Rolldeck."
        home
      />
    </Frame>
  );
}
