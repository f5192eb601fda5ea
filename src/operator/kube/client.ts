/** A kind of object and where the API server keeps it. */
export interface ResourceType {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
}

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface ObjectMeta {
  name: string;
  namespace?: string | undefined;
  uid?: string | undefined;
  resourceVersion?: string | undefined;
  generation?: number | undefined;
  creationTimestamp?: string | undefined;
  deletionTimestamp?: string | undefined;
  labels?: Record<string, string> | undefined;
  annotations?: Record<string, string> | undefined;
  ownerReferences?: OwnerReference[] | undefined;
}

/** An object as the API server has it in JSON; times are text. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

export type WatchEvent =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: KubeObject }
  | { type: 'BOOKMARK'; resourceVersion: string };

export interface ListOptions {
  /** All namespaces where left out. */
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  signal?: AbortSignal | undefined;
  /** What of each object is of interest, so that no more of it is held. A client that holds all of them anyway passes it over. */
  keep?: ((object: KubeObject) => KubeObject) | undefined;
}

export interface WatchOptions extends ListOptions {
  resourceVersion: string;
  /** The server ends the watch after this long. */
  timeoutSeconds: number;
}

/**
 * What a controller needs of a cluster. Implemented over HTTP by apiClient.ts, and in memory by src/local.
 * Every method throws {@link ApiError} for an answer that is not a success.
 */
export interface Client {
  list(type: ResourceType, options: ListOptions): Promise<{ items: KubeObject[]; resourceVersion: string }>;
  /** Ends when the server ends it; throws ApiError 410 where the version is too old. */
  watch(type: ResourceType, options: WatchOptions): AsyncIterable<WatchEvent>;
  /** @returns undefined where there is none */
  get(type: ResourceType, namespace: string, name: string): Promise<KubeObject | undefined>;
  /**
   * Throws 409 AlreadyExists where there is one of this name.
   * @param options.strict refuses fields that the server does not know, which it would drop without a word
   */
  create(
    type: ResourceType,
    object: KubeObject,
    options?: { fieldManager?: string; strict?: boolean },
  ): Promise<KubeObject>;
  /** Replaces the object if its resourceVersion is still the given one. */
  replace(type: ResourceType, object: KubeObject): Promise<KubeObject>;
  /** Server-side apply, taking over fields that others hold. */
  apply(
    type: ResourceType,
    object: KubeObject,
    options: { fieldManager: string; subresource?: 'status' },
  ): Promise<KubeObject>;
  /** Deletes an object, with what it owns going first. @returns false where there was none, or another with this name */
  delete(type: ResourceType, namespace: string, name: string, uid?: string): Promise<boolean>;
}

/** An answer of the API server that is not a success. */
export class ApiError extends Error {
  readonly status: number;
  /** As the server names it: NotFound, Conflict, AlreadyExists, Expired, Invalid, … */
  readonly reason: string;
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, reason: string, message: string, retryAfterSeconds?: number) {
    super(`${reason} (${status}): ${message}`);
    this.name = 'ApiError';
    this.status = status;
    this.reason = reason;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export const isApiError = (error: unknown, status: number): error is ApiError =>
  error instanceof ApiError && error.status === status;

/** The key of an object in stores and queues. */
export const keyOf = ({ metadata: { namespace = '', name } }: Pick<KubeObject, 'metadata'>): string =>
  `${namespace}/${name}`;

export const apiVersionOf = ({ group, version }: ResourceType): string =>
  group === '' ? version : `${group}/${version}`;

/** The owner that manages an object, by uid: names are used again, uids are not. */
export const controllerOf = ({ metadata }: KubeObject): OwnerReference | undefined =>
  metadata.ownerReferences?.find(({ controller }) => controller === true);
