import { Button, Group, Modal } from "@mantine/core";

export type Confirmation = { question: string; consequence: string; confirmLabel: string };

type Props = Confirmation & { opened: boolean; onClose: () => void; onConfirm: () => void };

export default function ConfirmModal({ opened, question, consequence, confirmLabel, onClose, onConfirm }: Props) {
  return (
    <Modal opened={opened} onClose={onClose} title={question} size="sm">
      <p>{consequence}</p>
      <Group justify="flex-end" mt="md" gap="xs">
        <Button variant="default" onClick={onClose} data-autofocus>
          Keep it
        </Button>
        <Button color="red.8" onClick={onConfirm}>
          {confirmLabel}
        </Button>
      </Group>
    </Modal>
  );
}
