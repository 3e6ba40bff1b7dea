using System.Globalization;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Evaluation;

namespace Dpfah.Learning.Reproduction;

/// <summary>The tables of a report.</summary>
internal static class Tables
{
    /// <summary>Table 1.</summary>
    public static void Layers(Report report)
    {
        const int side = 224;
        IReadOnlyList<NetworkLayer> layers = NetworkLayer.Of(side, report.Plan.Options.ReferenceBits, 10);
        var table = new MarkdownTable("layer", $"output for {side} x {side} pixels", "parameters");
        foreach (NetworkLayer layer in layers)
        {
            table.Add(layer.Name, layer.Output, layer.Parameters.ToString("N0", CultureInfo.InvariantCulture));
        }

        table.Add("sum", "", layers.Sum(layer => layer.Parameters).ToString("N0", CultureInfo.InvariantCulture));
        report.Table("table1", table);
    }

    /// <summary>Table 2.</summary>
    public static void Splits(Report report)
    {
        var table = new MarkdownTable("data set", "classes", "labels a picture", "queries", "training", "database", "mAP of", "");
        foreach (DatasetEntry entry in DatasetCatalogue.All)
        {
            bool here = entry.Name == report.Plan.Options.Dataset;
            SplitCounts? counts = here ? report.Reproducer.Manifest.Counts : entry.Protocol.Counts;
            Dataset? dataset = here ? report.Reproducer.Manifest.Dataset : null;
            table.Add(
                entry.Name,
                dataset is null ? "" : $"{dataset.ClassNames.Count}",
                dataset is null ? "" : dataset.MultiLabel ? "several" : "one",
                Text(counts?.Query),
                Text(counts?.Train),
                Text(counts?.Database),
                entry.Protocol.MapCut is int cut ? $"the first {cut}" : "the whole ranking",
                here ? $"here; split {report.Reproducer.Manifest.Digest[..16]}" : "protocol");
        }

        report.Table("table2", table);

        static string Text(int? count) => count is int number ? number.ToString("N0", CultureInfo.InvariantCulture) : "by the pictures";
    }

    /// <summary>Tables 3 and 4.</summary>
    public static void Sensitivity(Report report, string parameter)
    {
        Plan plan = report.Plan;
        IReadOnlyList<double> values = parameter == "eta" ? Plan.Etas : Plan.Zetas;
        double standard = parameter == "eta" ? 10 : 0.1;
        double? reference = report.MapOf(plan.Sensitivity(parameter, standard, plan.Options.ReferenceBits));
        var table = new MarkdownTable(parameter, $"mAP, {plan.Options.ReferenceBits} bits", $"against {parameter} = {standard.ToString(CultureInfo.InvariantCulture)}");
        foreach (double value in values)
        {
            double? map = report.MapOf(plan.Sensitivity(parameter, value, plan.Options.ReferenceBits));
            table.Add(value.ToString(CultureInfo.InvariantCulture), Report.Number(map), Difference(map, reference));
        }

        report.Table(parameter == "eta" ? "table4" : "table3", table);
    }

    /// <summary>Table 5.</summary>
    public static void Ablation(Report report)
    {
        Plan plan = report.Plan;
        var table = new MarkdownTable("variant", "mAP", "seeds", "gain over the row above");
        double? above = null;
        if (plan.Options.AlexNetWeights is null)
        {
            table.Add("AlexNet + DBDH", "not run", "", "");
        }

        foreach ((string title, _) in plan.Ablation(plan.Options.Seeds[0]))
        {
            double?[] maps = [.. plan.Options.Seeds.Select(seed => report.MapOf(plan.Ablation(seed).Single(v => v.Title == title).Cell))];
            double[] there = [.. maps.OfType<double>()];
            double? mean = there.Length == 0 ? null : there.Average();
            table.Add(title, Report.MeanOf(maps), $"{there.Length} of {maps.Length}", above is null ? "" : Difference(mean, above));
            above = mean;
        }

        report.Table("table5", table);
        if (plan.Options.AlexNetWeights is null)
        {
            report.Paragraph("AlexNet was not run: no pretrained weights of it were to be had here. `--alexnet-weights FILE` runs it.");
        }
    }

    /// <summary>Table 6, with what else distinguishes the methods at the reference length.</summary>
    public static void Comparison(Report report)
    {
        Plan plan = report.Plan;
        int[] bits = [.. plan.Options.Bits];
        var table = new MarkdownTable(["method", .. bits.Select(b => $"{b} bits")]);
        string[] methods = [.. plan.Comparison(plan.Options.ReferenceBits, plan.Options.Seeds[0]).Select(cell => cell.Method)];
        foreach (string method in methods)
        {
            table.Add([Report.TitleOf(method), .. bits.Select(b => Report.MeanOf([.. Seeds(plan, b).Select(seed => report.MapOf(CellOf(plan, method, b, seed)))]))]);
        }

        report.Table("table6", table);
        report.Paragraph(
            $"mAP of {Protocol(plan)}, ties in database order; " +
            (plan.Options.Seeds.Count == 1
                ? $"seed {plan.Options.Seeds[0]}."
                : $"{plan.Options.ReferenceBits} bits: mean ± deviation of the seeds {string.Join(", ", plan.Options.Seeds)}, other lengths: seed {plan.Options.Seeds[0]}."));
        Details(report, methods);
        Previews(report);
    }

    /// <summary>What the service's way to pictures costs: previews in place of the pictures themselves.</summary>
    private static void Previews(Report report)
    {
        Plan plan = report.Plan;
        Cell cell = plan.Trained("dpfah", plan.Options.Bits[^1], plan.Options.Seeds[0]);
        var table = new MarkdownTable("model of DPFAH", "digest", "mAP of the pictures", "mAP by way of previews");
        foreach ((string title, EvaluationReport? evaluation) in new[] { ("as trained", report.Of(cell)), ("in half precision", report.Of(plan.Half())) })
        {
            if (evaluation is { PreviewMap: double map })
            {
                table.Add($"{title}, {plan.Options.Bits[^1]} bits", evaluation.Model[..16], Report.Number(evaluation.Retrieval.Ranking.Map), Report.Number(map));
            }
        }

        string half = $"cells/{plan.Half().Name}";
        string how = $"`dpfah export cells/{cell.Name} {half} --half`, then `dpfah evaluate {half} --previews`";
        if (table.Count == 0)
        {
            report.Paragraph($"By way of previews, as a service sees pictures, nothing was measured yet; of a copy in half precision this is done by {how}.");
            return;
        }

        report.Paragraph($"By way of previews (JPEG, shorter side at most 256 pixels), as a service sees pictures; the copy in half precision is made and measured by {how}:");
        report.Table("previews", table);
    }

    private static void Details(Report report, string[] methods)
    {
        Plan plan = report.Plan;
        var table = new MarkdownTable(
            "method", "mAP", "ties by signature", "mean over ties", "mAP@1000", "P@100", "P@1000", "P@H≤2", "empty balls", "training as queries",
            "mean abs(u - sign u)", "distance within", "between", "distinct codes");
        foreach (string method in methods)
        {
            EvaluationReport? e = report.Of(CellOf(plan, method, plan.Options.ReferenceBits, plan.Options.Seeds[0]));
            table.Add(e is null
                ? [Report.TitleOf(method), .. Enumerable.Repeat("missing", 13)]
                :
                [
                    Report.TitleOf(method),
                    Report.Number(e.Retrieval.Ranking.Map),
                    Report.Number(e.Retrieval.FineRanking?.Map),
                    Report.Number(e.Retrieval.TieAware.Map),
                    Report.Number(e.Retrieval.Ranking.MapAt[0].Retrieved),
                    Report.Number(e.Retrieval.Ranking.PrecisionAt.FirstOrDefault(p => p.N == 100)?.Precision),
                    Report.Number(e.Retrieval.Ranking.PrecisionAt.FirstOrDefault(p => p.N == 1000)?.Precision),
                    Report.Number(e.Retrieval.Ball.Precision),
                    Percent(e.Retrieval.Ball.EmptyShare),
                    Report.Number(e.TrainingMap),
                    e.QuantizationError.ToString("0.000", CultureInfo.InvariantCulture),
                    e.Distances.Within.ToString("0.00", CultureInfo.InvariantCulture),
                    e.Distances.Between.ToString("0.00", CultureInfo.InvariantCulture),
                    Percent(e.Health.DistinctShare),
                ]);
        }

        report.Paragraph($"More of seed {plan.Options.Seeds[0]} at {plan.Options.ReferenceBits} bits; distances in bits, of queries to relevant and to other pictures:");
        report.Table("table6-details", table);
    }

    /// <summary>The cell of a method, trained or not.</summary>
    public static Cell CellOf(Plan plan, string method, int bits, ulong seed) => plan.Comparison(bits, seed).Single(cell => cell.Method == method);

    /// <summary>Seeds of a length.</summary>
    public static IEnumerable<ulong> Seeds(Plan plan, int bits) => bits == plan.Options.ReferenceBits ? plan.Options.Seeds : plan.Options.Seeds.Take(1);

    private static string Protocol(Plan plan) => DatasetCatalogue.Find(plan.Options.Dataset).Protocol.MapCut is int cut
        ? $"the first {cut} results over the hits among them" : "the whole ranking";

    private static string Difference(double? value, double? other) =>
        value - other is double difference ? difference.ToString("+0.0000;-0.0000;0", CultureInfo.InvariantCulture) : "";

    private static string Percent(double share) => (100 * share).ToString("0.0", CultureInfo.InvariantCulture) + " %";
}
