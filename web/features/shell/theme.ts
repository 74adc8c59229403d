import { type CSSVariablesResolver, createTheme } from "@mantine/core";

/** Mantine in this page's own tokens (globals.css), so that every component follows one palette in both schemes. */
export const theme = createTheme({
  fontFamily: "var(--font-sans)",
  fontFamilyMonospace: "var(--font-mono)",
  primaryColor: "accent",
  primaryShade: { light: 6, dark: 6 },
  colors: {
    // The greys that Mantine's dark scheme is made of, in the hue of this page's own.
    dark: [
      "#eceef2",
      "#bcc3cd",
      "#98a1ae",
      "#5c6470",
      "#3a414c",
      "#2b313a",
      "#1b1f25",
      "#15181d",
      "#101318",
      "#0b0d10",
    ],
    accent: [
      "#eeeefc",
      "#dcdcf7",
      "#b9baee",
      "#9496e6",
      "#7678e0",
      "#5b5dd6",
      "#4546c9",
      "#3c3db5",
      "#33349c",
      "#2a2b82",
    ],
  },
  defaultRadius: 6,
  cursorType: "pointer",
  fontSizes: { xs: "12px", sm: "13px", md: "14px", lg: "16px", xl: "19px" },
  components: {
    Button: { defaultProps: { size: "xs" } },
    TextInput: { defaultProps: { size: "xs" } },
    NumberInput: { defaultProps: { size: "xs" } },
    Select: { defaultProps: { size: "xs" } },
    Modal: {
      defaultProps: {
        centered: true,
        overlayProps: { backgroundOpacity: 0.45, blur: 2 },
        closeButtonProps: { "aria-label": "Close" },
        attributes: { header: { role: "none" } }, // it is not the page's banner
      },
    },
  },
});

const shared = {
  "--mantine-color-body": "var(--canvas)",
  "--mantine-color-text": "var(--ink)",
  "--mantine-color-dimmed": "var(--ink-faint)",
  "--mantine-color-placeholder": "var(--ink-faint)",
  "--mantine-color-default": "var(--surface-raised)",
  "--mantine-color-default-hover": "var(--surface-hover)",
  "--mantine-color-default-color": "var(--ink)",
  "--mantine-color-default-border": "var(--line-strong)",
  "--mantine-color-error": "var(--failed)",
};

export const cssVariables: CSSVariablesResolver = () => ({ variables: {}, light: shared, dark: shared });
