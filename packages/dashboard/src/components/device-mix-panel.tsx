import type { HealthAnswer } from "@selvedge/protocol";
import type { JSX } from "preact";
import type { Part } from "../api.ts";
import { deviceName } from "../series/device-name.ts";
import { type HealthGroup, healthRows } from "../series/health-rows.ts";
import { Panel } from "./panel.tsx";
import { PartOf } from "./part-of.tsx";
import { ShareTable } from "./share-table.tsx";

interface DeviceMixPanelProps {
  readonly health: Part<HealthAnswer> | undefined;
  readonly rangeName: string;
}

const SPLITS: readonly {
  readonly caption: string;
  readonly nameOf: (group: HealthGroup) => string;
}[] = [
  { caption: "Device class", nameOf: ({ device }) => deviceName(device) },
  { caption: "Browser", nameOf: ({ browser }) => browser },
  { caption: "Backend", nameOf: ({ backend }) => backend },
];

/** What predictions ran on. */
export function DeviceMixPanel({ health, rangeName }: DeviceMixPanelProps): JSX.Element {
  return (
    <Panel id="devices" title="Where it runs" note="share of predictions">
      <PartOf part={health}>
        {({ groups }) =>
          groups.length === 0 ? (
            <p class="nothing">No prediction in the last {rangeName} to tell apart.</p>
          ) : (
            <div class="columns">
              {SPLITS.map(({ caption, nameOf }) => (
                <ShareTable
                  key={caption}
                  caption={caption}
                  unit="predictions"
                  rows={healthRows(groups, nameOf).map(({ name, predictions }) => ({
                    name,
                    count: predictions,
                  }))}
                />
              ))}
            </div>
          )
        }
      </PartOf>
    </Panel>
  );
}
