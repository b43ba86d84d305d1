// What a dashboard of this repository is: Grafana's own types, with what they leave open told by panel and data source.
import type {
  AnnotationQuery,
  Dashboard as AnyDashboard,
  DataQuery,
  FieldConfig,
  FieldConfigSource,
  GridPos,
  Panel as AnyPanel,
  RowPanel,
  VariableModel,
} from '@grafana/schema';
import type { Options as BarGauge } from '@grafana/schema/dist/types/raw/composable/bargauge/panelcfg/x/types.gen';
import type { Options as Gauge } from '@grafana/schema/dist/types/raw/composable/gauge/panelcfg/x/types.gen';
import type { FieldConfig as HeatmapField, Options as Heatmap } from '@grafana/schema/dist/types/raw/composable/heatmap/panelcfg/x/types.gen';
import type { Options as Stat } from '@grafana/schema/dist/types/raw/composable/stat/panelcfg/x/types.gen';
import type { FieldConfig as StateField, Options as StateTimeline } from '@grafana/schema/dist/types/raw/composable/statetimeline/panelcfg/x/types.gen';
import type { FieldConfig as TableField, Options as Table } from '@grafana/schema/dist/types/raw/composable/table/panelcfg/x/types.gen';
import type { FieldConfig as TimeSeriesField, Options as TimeSeries } from '@grafana/schema/dist/types/raw/composable/timeseries/panelcfg/x/types.gen';

/** As JSON writes it: an enum's text in place of the enum. */
type Json<T> = T extends string
  ? `${T}`
  : T extends number | boolean | null | undefined
    ? T
    : T extends Array<infer Element>
      ? Json<Element>[]
      : T extends object
        ? { [Key in keyof T]: Json<T[Key]> }
        : T;

type Source = { type: 'prometheus'; uid: '${datasource}' };

type Query = DataQuery & {
  datasource: Source;
  editorMode: 'code';
  expr: string;
  legendFormat: string;
  interval?: string;
  exemplar?: true;
  format?: 'heatmap' | 'table' | 'time_series';
} & ({ instant: true } | { range: true });

type Panel<Kind extends string, Options, Custom> = Omit<
  AnyPanel,
  'datasource' | 'description' | 'fieldConfig' | 'gridPos' | 'id' | 'options' | 'targets' | 'title' | 'type'
> & {
  type: Kind;
  id: number;
  title: string;
  description: string;
  gridPos: GridPos;
  datasource: Source;
  targets: Query[];
  // What is left out, Grafana fills in.
  options: Partial<Options>;
  fieldConfig: {
    defaults: Omit<FieldConfig, 'custom'> & { custom?: Custom };
    overrides: FieldConfigSource['overrides'];
  };
};

type Annotation = Omit<AnnotationQuery, 'datasource' | 'target'> & {
  datasource: Source;
  expr: string;
  step: string;
  tagKeys: string;
  textFormat: string;
  titleFormat: string;
  useValueForTime?: boolean;
};

export type Dashboard = Json<
  Omit<AnyDashboard, 'annotations' | 'panels' | 'templating'> & {
    uid: string;
    annotations: { list: Annotation[] };
    templating: { list: VariableModel[] };
    panels: (
      | RowPanel
      | Panel<'bargauge', BarGauge, never>
      | Panel<'gauge', Gauge, never>
      | Panel<'heatmap', Heatmap, HeatmapField>
      | Panel<'stat', Stat, never>
      | Panel<'state-timeline', StateTimeline, StateField>
      | Panel<'table', Table, TableField>
      | Panel<'timeseries', TimeSeries, TimeSeriesField>
    )[];
  }
>;
