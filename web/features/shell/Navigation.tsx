"use client";

import Link from "next/link";
import { usePathname, useRouter } from "next/navigation";
import { WaitingCount } from "@/features/people/PeopleNotice";
import { useShortcut } from "@/lib/useShortcut";
import classes from "./Navigation.module.css";
import { PLACES } from "./shortcuts";

export function Navigation() {
  const page = usePathname();
  useGoingToPlaces();
  return (
    <nav aria-label="Places" className={classes.places}>
      {PLACES.map(({ name, href, pages }) => (
        <Link
          key={name}
          href={href}
          className={classes.place}
          aria-current={pages.includes(page) ? "page" : undefined}
          prefetch={false}
        >
          {name}
          {name === "Live" && <WaitingCount />}
        </Link>
      ))}
    </nav>
  );
}

/** `g`, then the key of a place. */
function useGoingToPlaces() {
  const router = useRouter();
  const keys = PLACES.map(({ key }) => `g>${key}`);
  useShortcut(keys, (_event, { keys: pressed }) => {
    const place = PLACES.find(({ key }) => key === pressed?.at(-1));
    if (place !== undefined) router.push(place.href);
  });
}
