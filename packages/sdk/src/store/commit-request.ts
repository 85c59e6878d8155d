/**
 * Waits for the one request of a transaction that is not held open for more: a page that goes away hears
 * nothing of what it asks after that.
 */
export async function commitRequest<T>(
  transaction: { readonly commit: () => void },
  request: Promise<T>,
): Promise<T> {
  // Where the transaction is gone already, committing says so.
  request.catch(() => undefined);
  transaction.commit();
  return await request;
}
