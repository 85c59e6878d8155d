/** A page that is there so that what the origin has stored can be reached. */
void globalThis.report({});
