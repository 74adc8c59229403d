"use client";

import { useDocumentVisibility } from "@mantine/hooks";
import { useEffect, useRef, useState } from "react";
import { useStream } from "@/features/shell/StreamProvider";
import classes from "./LivePicture.module.css";

type Props = { rolloutId: string; label: string };

/** What a running rollout's page shows now. It is filmed and sent only while the picture is in sight. */
export function LivePicture({ rolloutId, label }: Props) {
  const { box, inSight } = useInSight();
  const { image, words } = useFrames(rolloutId, inSight);
  return (
    <div ref={box} className={classes.picture}>
      {/* biome-ignore lint/performance/noImgElement: frames come over the stream, not from an address */}
      <img ref={image} className={classes.frame} alt={label} hidden={words !== null} />
      {words !== null && (
        <p className={classes.words} role="status">
          {words}
        </p>
      )}
    </div>
  );
}

function useInSight() {
  const box = useRef<HTMLDivElement>(null);
  const [near, setNear] = useState(false);
  const visible = useDocumentVisibility() === "visible";
  useEffect(() => {
    if (box.current === null) return;
    const observer = new IntersectionObserver((entries) => setNear(entries.some((entry) => entry.isIntersecting)), {
      rootMargin: "80px",
    });
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  return { box, inSight: near && visible };
}

/** Shows frames in the image; `words` say why there are none. */
function useFrames(rolloutId: string, wanted: boolean) {
  const stream = useStream();
  const image = useRef<HTMLImageElement>(null);
  const [words, setWords] = useState<string | null>("Waiting for the live picture");
  useEffect(() => {
    if (stream === null || !wanted) return;
    let shown = "";
    const end = stream.watch(rolloutId, {
      told: (live, reason) => {
        if (!live) setWords(`No live picture: ${reason}`);
      },
      show: async (jpeg) => {
        const element = image.current;
        if (element === null) return;
        const before = shown;
        shown = URL.createObjectURL(jpeg);
        element.src = shown;
        await element.decode().finally(() => URL.revokeObjectURL(before));
        setWords(null);
      },
    });
    return () => {
      end();
      URL.revokeObjectURL(shown);
    };
  }, [stream, rolloutId, wanted]);
  return { image, words };
}
