using System.Globalization;
using Dpfah.Learning.Evaluation;
using Dpfah.Learning.Losses;

namespace Dpfah.Learning.Reproduction;

/// <summary>What the paper claims, each claim beside what was measured.</summary>
internal static class Claims
{
    /// <summary>Adds the costs of the attention and the table of claims.</summary>
    public static void Write(Report report)
    {
        IReadOnlyList<AttentionCost> costs = AttentionCost.ReadOrMeasure(Path.Combine(report.Reproducer.Folder, "attention-cost.json"));
        var table = new MarkdownTable("claim", "measured", "verdict");
        Parameters(table, costs);
        Time(table, costs);
        Best(report, table);
        Rival(report, table);
        Ablation(report, table);
        Sensitivity(report, table, "zeta", 0.1);
        Sensitivity(report, table, "eta", 10);
        Least(report, table, "the smallest gap between training pictures and queries", "gap in mAP", e => e.TrainingMap - e.Retrieval.Ranking.Map);
        Least(report, table, "the smallest quantisation error", "mean abs(u - sign u)", e => e.QuantizationError);
        Least(report, table, "the smallest distance within classes", "bits", e => e.Distances.Within);
        Most(report, table, "the largest distance between classes", "bits", e => e.Distances.Between);
        Most(report, table, "the best precision within Hamming radius 2", "P@H≤2", e => e.Retrieval.Ball.Precision);
        table.Add("the numbers of Table 6 on CIFAR-10, NUS-WIDE and ImageNet-100", "the data sets were not available where this ran", "not testable here");
        table.Add("on ImageNet-100 at 16 bits DHN has the higher precision beyond a recall of 0.6", "needs ImageNet-100", "not testable here");
        report.Table("claims", table);
        CostTable(report, costs);
    }

    private static void Parameters(MarkdownTable table, IReadOnlyList<AttentionCost> costs) => table.Add(
        "the attention adds no parameters",
        string.Join(", ", costs.DistinctBy(c => c.Module).Select(c => $"{c.Module} {c.Parameters:N0}")),
        costs.First(c => c.Module == "PFA").Parameters == 0 ? "holds" : "does not hold");

    private static void Time(MarkdownTable table, IReadOnlyList<AttentionCost> costs)
    {
        AttentionCost[] at224 = [.. costs.Where(c => c.Side == 224)];
        AttentionCost pfa = at224.Single(c => c.Module == "PFA");
        string measured = string.Join(", ", at224.Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.Module} {c.ForwardOne:0.00} ms")));
        bool cheaper = at224.Where(c => c.Module is "SE" or "CBAM").All(c => pfa.ForwardOne <= c.ForwardOne);
        table.Add("the attention costs little time (one picture, 224 pixels, one thread)", measured, cheaper ? "holds: cheaper than SE and CBAM" : "not cheaper than SE and CBAM here");
    }

    private static void Best(Report report, MarkdownTable table)
    {
        Plan plan = report.Plan;
        foreach (int bits in plan.Options.Bits)
        {
            (string Method, double Map)[] maps =
            [
                .. plan.Options.Methods.Select(method => (method, Map: Mean(report, method, bits))).Where(m => m.Map is not null).Select(m => (m.method, m.Map!.Value))
                    .OrderByDescending(m => m.Item2),
            ];
            bool known = maps.Length == plan.Options.Methods.Count && maps.Length > 1;
            int rank = Array.FindIndex(maps, m => m.Method == "dpfah") + 1;
            table.Add(
                $"DPFAH has the best mAP at {bits} bits",
                maps.Length == 0 ? "missing" : string.Join(", ", maps.Take(4).Select(m => $"{HashingMethod.Named(m.Method).Title} {Report.Number(m.Map)}")) + (rank > 4 ? $", … DPFAH is number {rank}" : ""),
                !known ? "awaits all methods" : rank == 1 ? "holds" : $"does not hold: number {rank} of {maps.Length}");
        }
    }

    private static void Rival(Report report, MarkdownTable table)
    {
        int bits = report.Plan.Options.ReferenceBits;
        string[] rivals = [.. report.Plan.Options.Methods.Where(method => method != "dpfah")];
        (string Method, double Map)[] maps =
            [.. rivals.Select(method => (method, Map: Mean(report, method, bits))).Where(m => m.Map is not null).Select(m => (m.method, m.Map!.Value)).OrderByDescending(m => m.Item2)];
        table.Add(
            $"DSDH is the best of the others ({bits} bits)",
            maps.Length == 0 ? "missing" : string.Join(", ", maps.Select(m => $"{HashingMethod.Named(m.Method).Title} {Report.Number(m.Map)}")),
            maps.Length < rivals.Length ? "awaits all methods" : maps[0].Method == "dsdh" ? "holds" : $"does not hold: {HashingMethod.Named(maps[0].Method).Title} is");
    }

    private static void Ablation(Report report, MarkdownTable table)
    {
        double?[] means =
        [
            .. report.Plan.Ablation(report.Plan.Options.Seeds[0]).TakeLast(3).Select(variant => Average(report.Plan.Options.Seeds.Select(seed =>
                report.MapOf(report.Plan.Ablation(seed).Single(v => v.Title == variant.Title).Cell)))),
        ];
        table.Add("the attention improves ResNet18 + DBDH", Change(means[0], means[1]), Verdict(means[1] - means[0]));
        table.Add("L2 and L3 improve it further", Change(means[1], means[2]), Verdict(means[2] - means[1]));
    }

    private static void Sensitivity(Report report, MarkdownTable table, string parameter, double standard)
    {
        (double Value, double? Map)[] maps =
            [.. (parameter == "eta" ? Plan.Etas : Plan.Zetas).Select(value => (value, report.MapOf(report.Plan.Sensitivity(parameter, value, report.Plan.Options.ReferenceBits))))];
        string measured = string.Join(", ", maps.Select(m => $"{m.Value.ToString(CultureInfo.InvariantCulture)}: {Report.Number(m.Map)}"));
        double best = maps.MaxBy(m => m.Map).Value;
        string verdict = maps.Any(m => m.Map is null) ? "awaits all values"
            : best == standard ? "holds" : string.Create(CultureInfo.InvariantCulture, $"does not hold: best at {best} (one seed)");
        table.Add(string.Create(CultureInfo.InvariantCulture, $"{parameter} = {standard} is best"), measured, verdict);
    }

    private static void Least(Report report, MarkdownTable table, string claim, string unit, Func<EvaluationReport, double> value) =>
        Extreme(report, table, claim, unit, value, e => -value(e));

    private static void Most(Report report, MarkdownTable table, string claim, string unit, Func<EvaluationReport, double> value) =>
        Extreme(report, table, claim, unit, value, value);

    private static void Extreme(
        Report report, MarkdownTable table, string claim, string unit, Func<EvaluationReport, double> value, Func<EvaluationReport, double> score)
    {
        Plan plan = report.Plan;
        (string Method, EvaluationReport? Evaluation)[] all =
            [.. plan.Options.Methods.Select(m => (m, report.Of(plan.Trained(m, plan.Options.ReferenceBits, plan.Options.Seeds[0]))))];
        (string Method, EvaluationReport Evaluation)[] there = [.. all.Where(m => m.Evaluation is not null).Select(m => (m.Method, m.Evaluation!)).OrderByDescending(m => score(m.Item2))];
        string measured = there.Length == 0 ? "missing"
            : $"{unit}: {string.Join(", ", there.Select(m => $"{HashingMethod.Named(m.Method).Title} {value(m.Evaluation).ToString("0.000", CultureInfo.InvariantCulture)}"))}";
        table.Add(
            $"DPFAH has {claim} ({plan.Options.ReferenceBits} bits)",
            measured,
            there.Length < all.Length ? "awaits all methods" : there[0].Method == "dpfah" ? "holds" : $"does not hold: {HashingMethod.Named(there[0].Method).Title} has");
    }

    private static void CostTable(Report report, IReadOnlyList<AttentionCost> costs)
    {
        report.Paragraph(
            $"The cost of the attention, alone at its place after the max pool with the sum with its input; one thread, medians of {AttentionCost.Repeats} in turn:");
        var table = new MarkdownTable("module", "parameters", "pixels", "forward, 1 picture, ms", "forward, 32 pictures, ms", "forward and backward, 32 pictures, ms");
        foreach (AttentionCost cost in costs)
        {
            table.Add(cost.Module, $"{cost.Parameters:N0}", $"{cost.Side}", Ms(cost.ForwardOne), Ms(cost.ForwardBatch), Ms(cost.StepBatch));
        }

        report.Table("attention-cost", table);

        static string Ms(double value) => value.ToString("0.000", CultureInfo.InvariantCulture);
    }

    private static double? Mean(Report report, string method, int bits) =>
        Average(Tables.Seeds(report.Plan, bits).Select(seed => report.MapOf(report.Plan.Trained(method, bits, seed))));

    private static double? Average(IEnumerable<double?> values)
    {
        double[] there = [.. values.OfType<double>()];
        return there.Length == 0 ? null : there.Average();
    }

    private static string Change(double? before, double? after) => $"{Report.Number(before)} to {Report.Number(after)}";

    private static string Verdict(double? gain) => gain is null ? "awaits both" : gain > 0 ? "holds" : "does not hold";
}
