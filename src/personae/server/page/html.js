// What every view draws with: Preact through tagged templates, and signals.
import { h, render, Fragment } from "preact";
import { useEffect, useLayoutEffect, useRef, useState, useMemo, useCallback } from "preact/hooks";
import { signal, computed, effect, batch, useSignal, useComputed } from "@preact/signals";
import htm from "htm";

export const html = htm.bind(h);
export { render, Fragment, useEffect, useLayoutEffect, useRef, useState, useMemo, useCallback };
export { signal, computed, effect, batch, useSignal, useComputed };
