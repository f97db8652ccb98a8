import { z } from 'zod';
import { Timestamp } from '../http/fields.js';
import { KEPT_HOURS } from '../front/rates.js';

export const GetRatesQuery = z.object({
  Hours: z.coerce
    .number<string>()
    .int()
    .min(1)
    .max(KEPT_HOURS)
    .optional()
    .meta({ description: 'Hours, 24 by default.' }),
  Step: z.coerce.number<string>().int().min(1).max(1440).optional().meta({
    description: 'Length of a step in minutes: by default chosen for at most 288 steps; the maximum is 500 steps.',
  }),
  ByOperation: z.enum(['true', 'false']).optional().meta({
    description: 'true to return a series for each operation, for the 50 operations with the most requests.',
  }),
});
export type GetRatesQuery = z.infer<typeof GetRatesQuery>;

const Counts = (description: string) => z.array(z.int()).meta({ description });
const Percentiles = (description: string) => z.array(z.number().nullable()).meta({ description });

export const GetRatesOutput = z
  .object({
    From: Timestamp.meta({ description: 'Beginning of the first step.' }),
    Step: z.int().meta({ description: 'Minutes of each step.' }),
    Series: z.array(
      z
        .object({
          Api: z.string().optional().meta({ description: 'Absent for the sum of all operations.' }),
          Operation: z.string().optional(),
          Served: Counts('Requests that were served, step by step.'),
          Refused: Counts('Requests that were refused or failed.'),
          P50: Percentiles('Median of the duration in milliseconds; null in a step without requests.'),
          P99: Percentiles('Ninety-ninth percentile of the duration in milliseconds.'),
        })
        .meta({ id: 'RateSeries' }),
    ),
  })
  .meta({ id: 'GetRatesOutput' });
export type GetRatesOutput = z.infer<typeof GetRatesOutput>;
