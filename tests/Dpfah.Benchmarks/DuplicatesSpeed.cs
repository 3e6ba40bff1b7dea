using System.Diagnostics;
using Dpfah.Core.Codes;
using Dpfah.Core.Duplicates;
using Dpfah.Core.Health;
using Dpfah.Core.Indexing;
using Spectre.Console;

namespace Dpfah.Benchmarks;

/// <summary>Time of finding all groups of near duplicates, and of measuring the health of the same codes.</summary>
internal static class DuplicatesSpeed
{
    private const int Labels = 100;

    public static int Run(string[] args)
    {
        if (NamedOptions.Read(args, new() { ["codes"] = "1000000", ["bits"] = "64", ["distances"] = "0,2,4,8", ["kinds"] = "uniform,deep100,deep100000,skewed,one" }) is not { } options)
        {
            return 1;
        }

        int count = options.Number("codes");
        Table table = Tables.Create(["codes", "bits", "distance", "seconds", "groups", "in groups", "largest", "health, s", "P(same label), s"]);
        foreach (int bits in options.Numbers("bits"))
        {
            foreach (string kind in options["kinds"].Split(','))
            {
                IdentifiedCodes items = Items(kind, bits, count);
                (double health, double labels) = Health(items);
                foreach (int distance in options.Numbers("distances"))
                {
                    long start = Stopwatch.GetTimestamp();
                    IReadOnlyList<DuplicateGroup> groups = NearDuplicates.Find(items, distance);
                    double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
                    table.AddRow(
                        kind,
                        $"{bits}",
                        $"{distance}",
                        $"{seconds:0.00}",
                        $"{groups.Count:N0}",
                        $"{groups.Sum(group => (long)group.Members.Count):N0}",
                        $"{groups.Select(group => group.Members.Count).DefaultIfEmpty(0).Max():N0}",
                        $"{health:0.00}",
                        $"{labels:0.00}");
                }
            }
        }

        Tables.Show(
            "duplicates",
            table,
            $"{count:N0} codes, one thread, one run. Kinds as index-data makes them; deepC has C centres and 2 to 5 % of the bits flipped; one: all codes equal. "
            + $"Health and P(same label) are those of an index of the same codes, each with one of {Labels} labels.");
        return 0;
    }

    private static IdentifiedCodes Items(string kind, int bits, int count)
    {
        var codes = new CodeMatrix(bits, count);
        if (kind != "one")
        {
            RawCodes raw = IndexData.Make(kind, bits, count, 0).Codes;
            for (int i = 0; i < count; i++)
            {
                codes.Set(i, BinaryCode.FromWords(raw[i], bits));
            }
        }

        return new IdentifiedCodes([.. Enumerable.Range(0, count).Select(i => (long)i)], codes);
    }

    private static (double Health, double Labels) Health(IdentifiedCodes items)
    {
        string[][] labels = [.. Enumerable.Range(0, Labels).Select(label => new[] { $"label {label}" })];
        var index = new HammingIndex<string[]>(items.Codes.Bits, 0);
        foreach (int[] part in Enumerable.Range(0, items.Codes.Count).Chunk(10_000))
        {
            index.Apply([.. part.Select(i => IndexChange<string[]>.Put(i, items.Codes[i], default, labels[i % Labels]))]);
        }

        index.Merge();
        long start = Stopwatch.GetTimestamp();
        CodeHealth.Of(index.Snapshot);
        double health = Stopwatch.GetElapsedTime(start).TotalSeconds;
        start = Stopwatch.GetTimestamp();
        SameLabelFit.Of(index.Snapshot, item => item);
        return (health, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }
}
