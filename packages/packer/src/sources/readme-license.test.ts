import { expect, it } from "vitest";
import { readmeLicense } from "./readme-license.ts";

it.each<[readme: string, license: string | undefined]>([
  ["---\nlicense: apache-2.0\nlanguage: en\n---\n# Model", "Apache-2.0"],
  ["---\r\ntags:\r\n- a\r\nlicense: mit\r\n---\r\n", "MIT"],
  ["---\nlicense: openrail\n---\n", undefined],
  ["---\nlicense: [mit]\n---\n", undefined],
  ["---\nlicense: mit\n# never ends", undefined],
  ["---\n[\n---\n", undefined],
  ["# Model\nlicense: mit\n", undefined],
])("reads the licence of %j", (readme, license) => expect(readmeLicense(readme)).toBe(license));
