/** Crosses from worker to page with its name and message only, so its name is what tells it apart. */
const NAME = "UnreadablePictureError";

/** The error for a file that the browser cannot show as a picture. */
export function unreadablePicture(cause: unknown): Error {
  const error = new Error("The file cannot be read as a picture.", { cause });
  error.name = NAME;
  return error;
}

export function isUnreadablePicture(error: unknown): boolean {
  return error instanceof Error && error.name === NAME;
}
