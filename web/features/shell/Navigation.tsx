"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import classes from "./Navigation.module.css";

/** Each place with the pages that belong to it. */
const PLACES = [
  { name: "Tasks", href: "/", pages: ["/", "/rollout/"] },
  { name: "Live", href: "/live/", pages: ["/live/"] },
  { name: "Batches", href: "/batches/", pages: ["/batches/", "/batch/"] },
  { name: "Workers", href: "/workers/", pages: ["/workers/"] },
] as const;

export function Navigation() {
  const page = usePathname();
  return (
    <nav aria-label="Places" className={classes.places}>
      {PLACES.map(({ name, href, pages }) => (
        <Link
          key={name}
          href={href}
          className={classes.place}
          aria-current={(pages as readonly string[]).includes(page) ? "page" : undefined}
          prefetch={false}
        >
          {name}
        </Link>
      ))}
    </nav>
  );
}
