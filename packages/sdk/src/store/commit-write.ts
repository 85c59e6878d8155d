/**
 * Waits for the one write of a transaction that is not held open for more: a page that goes away hears
 * nothing of what it asks after that.
 */
export async function commitWrite(
  transaction: { readonly commit: () => void },
  write: Promise<unknown>,
): Promise<void> {
  // Where the transaction is gone already, committing says so.
  write.catch(() => undefined);
  transaction.commit();
  await write;
}
