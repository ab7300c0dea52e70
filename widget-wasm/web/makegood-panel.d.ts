//! The types of the `<makegood-panel>` element.

/** Where a call is in its life. */
export type CallState = 'offered' | 'connected' | 'on_hold' | 'wrapup' | 'ended';

/** The panel's state; `connecting` until the frame answers. */
export type PanelState = 'connecting' | 'live' | 'stale' | 'offline' | 'blocked';

/** A call as the host knows it. Identifiers are hints: the sidecar decides who it is. */
export interface InteractionContext {
  /** The host's id of the call, 1 to 128 characters. */
  id: string;
  /** Where the call is; `connected` if absent. */
  state?: CallState;
  /** The channel; `phone` if absent. */
  channel?: 'phone' | 'chat' | 'email' | 'store' | 'web' | 'field';
  /** The caller's number as the switch gives it. */
  ani?: string;
  /** The customer's mail address. */
  email?: string;
  /** The customer's id in the host's CRM. */
  external_id?: string;
  /** The customer's account number. */
  account_number?: string;
  /** The host's id of the case; a limit may count by it. */
  case_id?: string;
  /** The contact reason. */
  reason?: string;
}

/**
 * Fetches a short-lived token for one call from the host's back end. The id `panel-desk` is asked
 * for besides, also during a call: with a token for it the agent can be asked by others, and answers.
 */
export type TokenProvider = (request: { interactionId: string }) => Promise<string>;

/** The answer to "may this call be finished?". */
export interface WrapUpAnswer {
  /** False while something is still held for the customer. */
  allow: boolean;
  /** Why not, for people; empty if it may. */
  reason: string;
}

/** A message of the panel to its host. Bubbles and crosses shadow roots. */
export class MakegoodEvent<Detail extends object = object> extends Event {
  constructor(type: string, detail: Detail);
  /** What happened; frozen. */
  readonly detail: Readonly<Detail>;
}
/** The panel can be used. */
export class MakegoodReadyEvent extends MakegoodEvent<{ version: string }> {}
/** The panel's state changed. */
export class MakegoodStateEvent extends MakegoodEvent<{ state: PanelState }> {}
/** The caller was looked up; `count` is how many customers fit. */
export class MakegoodMatchEvent extends MakegoodEvent<{ status: string; count: number }> {}
/** An amount is held. */
export class MakegoodReserveEvent extends MakegoodEvent<{ spendId: string }> {}
/** A gesture was given; `minorUnits` in units of `currency` (ISO 4217). */
export class MakegoodCommitEvent extends MakegoodEvent<{
  ref: string;
  minorUnits: number;
  currency: string;
  reasonCode: string;
}> {}
/** A hold was released. */
export class MakegoodVoidEvent extends MakegoodEvent<{ spendId: string }> {}
/** A second person was asked for more than a limit leaves, or the question has ended. */
export class MakegoodConsultEvent extends MakegoodEvent<{
  spendId: string;
  state: 'asked' | 'approved' | 'declined' | 'timed_out' | 'over';
}> {}
/** Something that costs nothing was logged. */
export class MakegoodLogEvent extends MakegoodEvent<{ actionId: string; kind: string }> {}
/** The panel wants to be looked at; `count` things wait. */
export class MakegoodAttentionEvent extends MakegoodEvent<{ count: number }> {}
/** The panel's content has another height, in CSS pixels. */
export class MakegoodResizeEvent extends MakegoodEvent<{ height: number }> {}
/** Something failed. */
export class MakegoodErrorEvent extends MakegoodEvent<{ code: string; retryable: boolean }> {}

/** The events of the element, by name. */
export interface MakegoodPanelEventMap {
  makegoodready: MakegoodReadyEvent;
  makegoodstate: MakegoodStateEvent;
  makegoodmatch: MakegoodMatchEvent;
  makegoodreserve: MakegoodReserveEvent;
  makegoodcommit: MakegoodCommitEvent;
  makegoodvoid: MakegoodVoidEvent;
  makegoodconsult: MakegoodConsultEvent;
  makegoodlog: MakegoodLogEvent;
  makegoodattention: MakegoodAttentionEvent;
  makegoodresize: MakegoodResizeEvent;
  makegooderror: MakegoodErrorEvent;
}

/** `<makegood-panel>`: carries the panel's frame into a host's page. */
export class MakegoodPanelElement extends HTMLElement {
  /** The version of this element. */
  static readonly version: string;
  /** Defines the element; a second definition of the same name changes nothing. */
  static define(tag?: string, registry?: CustomElementRegistry): void;

  /** The folder of the frame on the sidecar. Default: the folder of the script. */
  src: string;
  /** How the panel is carried; `frame` is the one way there is. */
  mode: 'frame';
  /** The host's id of the call; empty while there is none. */
  interactionId: string;
  /** The language as a BCP 47 tag. */
  locale: string;
  /** The look. */
  theme: 'auto' | 'light' | 'dark' | 'contrast';
  /** How close the lines stand. */
  density: 'comfortable' | 'compact';
  /** When single keys work. */
  shortcuts: 'focus' | 'on' | 'off';
  /** True if nothing can be given from this panel. */
  readonly: boolean;
  /** The call as the host last told it; a copy. */
  interaction: InteractionContext | null;
  /** Fetches tokens from the host's back end; never an attribute. */
  auth: TokenProvider | null;
  /** The panel's state. */
  readonly state: PanelState;
  /** Fulfilled when the panel can be used; pending if it never can. */
  readonly ready: Promise<void>;

  /** Tells where a call is; fields told before for the same call stay. */
  pop(context: InteractionContext | null): void;
  /** Moves the focus to what the agent may give. */
  focusHeadroom(): void;
  /** Asks whether the call may be finished; answers within two seconds. */
  requestWrapUp(): Promise<WrapUpAnswer>;

  addEventListener<K extends keyof MakegoodPanelEventMap>(
    type: K,
    listener: (this: MakegoodPanelElement, event: MakegoodPanelEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<K extends keyof MakegoodPanelEventMap>(
    type: K,
    listener: (this: MakegoodPanelElement, event: MakegoodPanelEventMap[K]) => unknown,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | EventListenerOptions,
  ): void;
}

declare global {
  interface HTMLElementTagNameMap {
    'makegood-panel': MakegoodPanelElement;
  }
  interface HTMLElementEventMap extends MakegoodPanelEventMap {}
  interface GlobalEventHandlersEventMap extends MakegoodPanelEventMap {}
}
