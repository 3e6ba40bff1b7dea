using System.Globalization;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Evaluation;
using Dpfah.Learning.Losses;

namespace Dpfah.Learning.Reproduction;

/// <summary>What the paper claims, each claim beside what was measured.</summary>
internal static class Claims
{
    private const string NotRun = "not run";

    /// <summary>DPFAH's mAP at 16, 32, 48 and 64 bits as the paper's text has it; null where it has none.</summary>
    private static readonly (string Dataset, double[]? Maps)[] Published =
    [
        (Cifar10.Name, [0.8382, 0.8445, 0.8522, 0.8549]), (NusWide21.Name, [0.8298, 0.8490, 0.8541, 0.8580]), (ImageNet100.Name, null),
    ];

    private static readonly int[] PublishedBits = [16, 32, 48, 64];
    private static readonly double[] HighRecalls = [0.7, 0.8, 0.9];

    /// <summary>Adds the costs of the attention and the table of claims.</summary>
    /// <param name="report">The report.</param>
    /// <param name="costs">What the attention costs.</param>
    public static void Write(Report report, AttentionCosts costs)
    {
        var table = new MarkdownTable("claim", "measured", "verdict");
        Parameters(table, costs.Modules);
        Time(table, costs.Modules);
        int reference = report.Plan.Options.ReferenceBits;
        IReadOnlyList<string> methods = report.Plan.Options.Methods;
        foreach (int bits in report.Plan.Options.Bits)
        {
            Rank(table, $"DPFAH has the best mAP at {bits} bits", "", "dpfah", methods, method => Maps(report, method, bits), least: false, "0.0000");
        }

        Rank(table, $"DSDH is the best of the others ({reference} bits)", "", "dsdh", [.. methods.Where(method => method != "dpfah")], method => Maps(report, method, reference), least: false, "0.0000");
        Ablation(report, table);
        Sensitivity(report, table, "zeta", 0.1);
        Sensitivity(report, table, "eta", 10);
        Extreme("the smallest gap between training pictures and queries", "gap in mAP", e => e.TrainingMap - e.Retrieval.Ranking.Map, least: true);
        Extreme("the smallest quantisation error", "mean abs(u - sign u)", e => e.QuantizationError, least: true);
        Extreme("the smallest distance within classes", "bits", e => e.Distances.Within, least: true);
        Extreme("the largest distance between classes", "bits", e => e.Distances.Between, least: false);
        Extreme("the best precision within Hamming radius 2", "P@H≤2", e => e.Retrieval.Ball.Precision, least: false);
        Numbers(report, table);
        Recall(report, table);
        report.Table("claims", table);
        report.Paragraph(
            "A difference of means counts where it is beyond the noise, two standard errors of it, 2 √(s₁²/n₁ + s₂²/n₂) with s the deviation of the seeds. " +
            $"A mean of one seed has for s the method's deviation at {reference} bits, where that has several seeds. " +
            "The deviation of three seeds is itself rough: a difference near the noise decides nothing.");
        CostTable(report, costs);

        void Extreme(string claim, string unit, Func<EvaluationReport, double> value, bool least) => Rank(
            table, $"DPFAH has {claim} ({reference} bits)", $"{unit}: ", "dpfah", methods, method => Values(report, method, reference, cell => report.Of(cell) is { } e ? value(e) : null), least, "0.000");
    }

    private static void Parameters(MarkdownTable table, IReadOnlyList<AttentionCost> costs) => table.Add(
        "the attention adds no parameters",
        string.Join(", ", costs.DistinctBy(c => c.Module).Select(c => $"{c.Module} {c.Parameters:N0}")),
        costs.First(c => c.Module == "PFA").Parameters == 0 ? "holds" : "does not hold");

    private static void Time(MarkdownTable table, IReadOnlyList<AttentionCost> costs)
    {
        AttentionCost[] at224 = [.. costs.Where(c => c.Side == 224)];
        AttentionCost pfa = at224.Single(c => c.Module == "PFA");
        ILookup<bool, string> cheaper = at224.Where(c => c.Module is "SE" or "CBAM").ToLookup(c => pfa.ForwardOne < c.ForwardOne, c => c.Module);
        table.Add(
            "the attention costs less time than SE and CBAM (one picture, 224 pixels, one thread)",
            string.Join(", ", at224.Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.Module} {c.ForwardOne:0.000} ms"))),
            !cheaper[false].Any() ? "holds"
            : !cheaper[true].Any() ? $"does not hold: not cheaper than {string.Join(" and ", cheaper[false])}"
            : $"holds in part: cheaper than {string.Join(" and ", cheaper[true])}, not than {string.Join(" and ", cheaper[false])}");
    }

    /// <summary>Whether one method is before all others.</summary>
    private static void Rank(
        MarkdownTable table, string claim, string unit, string subject, IReadOnlyList<string> methods, Func<string, SeedValues?> valuesOf, bool least, string format)
    {
        (string Method, SeedValues Values)[] there =
        [
            .. methods.Select(method => (method, Values: valuesOf(method))).Where(m => m.Values is not null).Select(m => (m.method, m.Values!))
                .OrderBy(m => least ? m.Item2.Mean : -m.Item2.Mean),
        ];
        string measured = there.Length == 0
            ? "missing"
            : unit + string.Join(", ", there.Select(m => $"{Title(m.Method)} {m.Values.Mean.ToString(format, CultureInfo.InvariantCulture)}"));
        table.Add(claim, measured, Verdict());

        string Verdict()
        {
            if (!methods.Contains(subject))
            {
                return $"{NotRun}: {Title(subject)} is not among the methods";
            }

            if (methods.Count < 2)
            {
                return $"{NotRun}: there is no other method";
            }

            if (there.Length < methods.Count)
            {
                return "awaits all methods";
            }

            // The claim is of all of the paper's methods: among some of them it holds for these.
            int published = HashingMethod.All.Count - (subject == "dpfah" ? 0 : 1);
            string among = methods.Count < published ? $" among the {methods.Count} methods run" : "";
            int rank = Array.FindIndex(there, m => m.Method == subject);
            (string Method, SeedValues Values) other = there[rank == 0 ? 1 : 0];
            SeedValues own = there[rank].Values;
            string seeds = own.Seeds(other.Values);
            return own.IsWithinNoiseOf(other.Values)
                ? string.Create(CultureInfo.InvariantCulture, $"not distinguishable from {Title(other.Method)}: {own.Mean - other.Values.Mean:+0.0000;-0.0000;0} is within the noise, {own.NoiseTo(other.Values):0.0000}{among} ({seeds})")
                : rank == 0 ? $"holds{among} ({seeds})"
                : $"does not hold{among}: {Title(other.Method)} is first, {Title(subject)} number {rank + 1} of {there.Length} ({seeds})";
        }
    }

    private static void Ablation(Report report, MarkdownTable table)
    {
        string[] titles = [.. report.Plan.Ablation(report.Plan.Options.Seeds[0]).TakeLast(3).Select(variant => variant.Title)];
        SeedValues?[] variants = [.. titles.Select(title => SeedValues.Of(
            [.. report.Plan.Options.Seeds.Select(seed => report.MapOf(report.Plan.Ablation(seed).Single(v => v.Title == title).Cell))], null))];
        Gain("the attention improves ResNet18 + DBDH", variants[0], variants[1]);
        Gain("L2 and L3 improve it further", variants[1], variants[2]);

        void Gain(string claim, SeedValues? before, SeedValues? after) => table.Add(claim, $"{Report.Number(before?.Mean)} to {Report.Number(after?.Mean)}", Verdict(before, after));

        static string Verdict(SeedValues? before, SeedValues? after) => before is null || after is null ? "awaits both"
            : after.IsWithinNoiseOf(before)
                ? string.Create(CultureInfo.InvariantCulture, $"not distinguishable: {after.Mean - before.Mean:+0.0000;-0.0000;0} is within the noise, {after.NoiseTo(before):0.0000} ({after.Seeds(before)})")
            : after.Mean > before.Mean ? $"holds ({after.Seeds(before)})" : $"does not hold ({after.Seeds(before)})";
    }

    private static void Sensitivity(Report report, MarkdownTable table, string parameter, double standard)
    {
        // Each value has one seed; their noise is that of the default's seeds.
        SeedValues? seeds = Maps(report, "dpfah", report.Plan.Options.ReferenceBits);
        (double Value, double? Map)[] maps =
            [.. (parameter == "eta" ? Plan.Etas : Plan.Zetas).Select(value => (value, report.MapOf(report.Plan.Sensitivity(parameter, value, report.Plan.Options.ReferenceBits))))];
        string measured = string.Join(", ", maps.Select(m => $"{m.Value.ToString(CultureInfo.InvariantCulture)}: {Report.Number(m.Map)}"));
        table.Add(string.Create(CultureInfo.InvariantCulture, $"{parameter} = {standard} is best"), measured, Verdict());

        string Verdict()
        {
            if (maps.Any(m => m.Map is null))
            {
                return "awaits all values";
            }

            SeedValues own = One(maps.Single(m => m.Value == standard).Map!.Value);
            (double value, double? map) = maps.Where(m => m.Value != standard).MaxBy(m => m.Map);
            SeedValues other = One(map!.Value);
            return own.IsWithinNoiseOf(other)
                ? string.Create(CultureInfo.InvariantCulture, $"not distinguishable from {value}: {own.Mean - other.Mean:+0.0000;-0.0000;0} is within the noise, {own.NoiseTo(other):0.0000} ({own.Seeds(other)})")
                : own.Mean > other.Mean ? $"holds ({own.Seeds(other)})"
                : string.Create(CultureInfo.InvariantCulture, $"does not hold: best at {value} ({own.Seeds(other)})");
        }

        SeedValues One(double map) => SeedValues.Of([map], seeds is { Count: > 1 } ? seeds.Deviation : null)!;
    }

    /// <summary>Table 6 against the paper's own numbers, where the report is of one of its data sets.</summary>
    private static void Numbers(Report report, MarkdownTable table)
    {
        string here = report.Plan.Options.Dataset;
        foreach ((string dataset, double[]? published) in Published)
        {
            string title = DatasetCatalogue.Find(dataset).Title;
            (int Bits, double Paper, double? Map)[] rows =
                [.. PublishedBits.Zip(published ?? []).Select(p => (p.First, p.Second, dataset == here ? Maps(report, "dpfah", p.First)?.Mean : null))];
            (int Bits, double Paper, double? Map)[] there = [.. rows.Where(row => row.Map is not null)];
            table.Add(
                $"DPFAH's mAP of Table 6 on {title}",
                dataset != here ? $"needs {title}; this report is of {here}"
                : there.Length == 0 ? "missing"
                : string.Join(", ", there.Select(row => $"{row.Bits} bits {Report.Number(row.Map)}, paper {Report.Number(row.Paper)}")),
                dataset != here ? "not testable here"
                : published is null ? "the paper's text has no numbers"
                : !report.Plan.Options.Methods.Contains("dpfah") ? NotRun
                : there.Length == 0 ? "awaits DPFAH"
                : string.Create(CultureInfo.InvariantCulture, $"differs by {there.Min(row => row.Map - row.Paper):+0.0000;-0.0000;0} to {there.Max(row => row.Map - row.Paper):+0.0000;-0.0000;0}"));
        }
    }

    /// <summary>The one place where the paper has a rival before DPFAH.</summary>
    private static void Recall(Report report, MarkdownTable table)
    {
        Plan plan = report.Plan;
        bool here = plan.Options.Dataset == ImageNet100.Name;
        bool run = here && plan.Options.Bits.Contains(16) && plan.Options.Methods.Contains("dhn") && plan.Options.Methods.Contains("dpfah");
        (double Recall, double? Dhn, double? Dpfah)[] points =
            run ? [.. HighRecalls.Select(recall => (recall, Precision("dhn", recall), Precision("dpfah", recall)))] : [];
        table.Add(
            "on ImageNet-100 at 16 bits DHN has the higher precision beyond a recall of 0.6",
            !here ? $"needs {DatasetCatalogue.Find(ImageNet100.Name).Title}; this report is of {plan.Options.Dataset}"
            : !run ? "missing"
            : string.Join(", ", points.Select(p => string.Create(CultureInfo.InvariantCulture, $"at {p.Recall}: DHN {Report.Number(p.Dhn)}, DPFAH {Report.Number(p.Dpfah)}"))),
            !here ? "not testable here"
            : !run ? NotRun
            : points.Any(p => p.Dhn is null || p.Dpfah is null) ? "awaits both"
            : points.All(p => p.Dhn > p.Dpfah) ? "holds (one seed)" : "does not hold (one seed)");

        double? Precision(string method, double recall) =>
            report.Of(plan.Trained(method, 16, plan.Options.Seeds[0]))?.Retrieval.Ranking.ByRank.FirstOrDefault(point => point.Recall >= recall)?.Precision;
    }

    private static void CostTable(Report report, AttentionCosts costs)
    {
        report.Paragraph(
            $"The cost of the attention, alone at its place after the max pool with the sum with its input; one thread, medians of {AttentionCost.Repeats} in turn; " +
            $"{(costs.Machine is null ? "machine and day were not written down" : string.Create(CultureInfo.InvariantCulture, $"{costs.Machine}, {costs.Date:yyyy-MM-dd}"))}:");
        var table = new MarkdownTable("module", "parameters", "pixels", "forward, 1 picture, ms", "forward, 32 pictures, ms", "forward and backward, 32 pictures, ms");
        foreach (AttentionCost cost in costs.Modules)
        {
            table.Add(cost.Module, $"{cost.Parameters:N0}", $"{cost.Side}", Ms(cost.ForwardOne), Ms(cost.ForwardBatch), Ms(cost.StepBatch));
        }

        report.Table("attention-cost", table);

        static string Ms(double value) => value.ToString("0.000", CultureInfo.InvariantCulture);
    }

    private static SeedValues? Maps(Report report, string method, int bits) => Values(report, method, bits, report.MapOf);

    /// <summary>What a method has at a length, over its seeds.</summary>
    private static SeedValues? Values(Report report, string method, int bits, Func<Cell, double?> valueOf)
    {
        Plan plan = report.Plan;
        SeedValues? reference = bits == plan.Options.ReferenceBits ? null : Values(report, method, plan.Options.ReferenceBits, valueOf);
        return SeedValues.Of(
            [.. Tables.Seeds(plan, bits).Select(seed => valueOf(plan.Trained(method, bits, seed)))], reference is { Count: > 1 } ? reference.Deviation : null);
    }

    private static string Title(string method) => HashingMethod.Named(method).Title;
}
