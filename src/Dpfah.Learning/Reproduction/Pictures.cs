using Dpfah.Core.Codes;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Evaluation;
using Dpfah.Learning.Figures;
using Dpfah.Learning.Training;

namespace Dpfah.Learning.Reproduction;

/// <summary>The figures of a report.</summary>
internal static class Pictures
{
    private const int Neighbours = 10;

    /// <summary>Fig. 3.</summary>
    public static void Explanations(Report report)
    {
        Plan plan = report.Plan;
        CellFolder with = report.Reproducer.Of(plan.Trained("dpfah", plan.Options.ReferenceBits, plan.Options.Seeds[0]));
        CellFolder without = report.Reproducer.Of(plan.Trained("dbdh", plan.Options.ReferenceBits, plan.Options.Seeds[0]));
        if (with.Evaluation is null || without.Evaluation is null)
        {
            report.Missing("fig3", $"the cells {with.Cell.Name} and {without.Cell.Name} are not both there");
            return;
        }

        EvaluationSplit split = report.Reproducer.OpenEvaluation("draw fig3");
        int[] shown = FirstOfEachClass(split.Queries);
        if (Reproduction.Explanations.ReadOrCompute(with, split.Queries, shown) is not { } attentive
            || Reproduction.Explanations.ReadOrCompute(without, split.Queries, shown) is not { } plain)
        {
            report.Missing("fig3", $"the models of {with.Cell.Name} and {without.Cell.Name} went before they were explained; remove their cells to train them anew");
            return;
        }

        GradCamRow[] rows = [.. shown.Select(i => new GradCamRow(NameOf(split.Queries, i), split.Queries.Read(i), plain.Of(i), attentive.Of(i)))];
        report.Figure(
            "fig3",
            new GradCamFigure(rows),
            rows.Length,
            $"Grad-CAM on the maps of layer{attentive.Stage} (the last with 7 x 7 cells or more) for the strength of the code, Σ abs(u): ResNet18 trained as DBDH, and DPFAH; the first query of each class.");
    }

    /// <summary>Figs. 4 and 5.</summary>
    public static void Sensitivity(Report report, string target, string parameter)
    {
        Plan plan = report.Plan;
        int bits = plan.Options.ReferenceBits;
        (double Value, double? Map)[] points =
            [.. (parameter == "eta" ? Plan.Etas : Plan.Zetas).Select(value => (value, report.MapOf(plan.Sensitivity(parameter, value, bits))))];
        (double Value, double Map)[] there = [.. points.Where(p => p.Map is not null).Select(p => (p.Value, p.Map!.Value))];
        Curve curve = there.Length == 0 ? Curve.Missing($"{bits} bits") : new Curve($"{bits} bits", [.. there.Select(p => p.Value)], [.. there.Select(p => p.Map)]);
        string axis = parameter == "eta" ? "η (weight of the quantisation term)" : "ζ (weight of the classification term)";
        report.Figure(target, new SensitivityFigure(axis, [curve]), there.Length, $"mAP of DPFAH against {parameter}, seed {plan.Options.Seeds[0]}.");
    }

    /// <summary>Fig. 6.</summary>
    public static void Ablation(Report report)
    {
        (string Title, EvaluationReport? Evaluation)[] variants =
            [.. report.Plan.Ablation(report.Plan.Options.Seeds[0]).Select(v => (v.Title, report.Of(v.Cell)))];
        report.Figure(
            "fig6",
            new AblationFigure([.. variants.Select(v => ByRank(v.Title, v.Evaluation))], [.. variants.Select(v => ByN(v.Title, v.Evaluation))]),
            variants.Count(v => v.Evaluation is not null),
            $"The ablation at {report.Plan.Options.ReferenceBits} bits, seed {report.Plan.Options.Seeds[0]}.");
    }

    /// <summary>Fig. 7.</summary>
    public static void Embedding(Report report)
    {
        Plan plan = report.Plan;
        int drawn = 0;
        foreach (string method in (string[])["dpfah", "dbdh"])
        {
            Cell cell = plan.Trained(method, plan.Options.ReferenceBits, plan.Options.Seeds[0]);
            if (report.Reproducer.Of(cell).Panel is not { } panel)
            {
                report.Missing("fig7", $"the cell {cell.Name} was not measured");
                continue;
            }

            BinaryCode[] codes = [.. panel.QueryCodes.Select(hex => BinaryCode.TryParseHex(hex, out BinaryCode code) ? code : throw new InvalidDataException($"The cell {cell.Name} has '{hex}' for a code."))];
            var options = new TsneOptions { Perplexity = Math.Min(30, (codes.Length - 1) / 3.0) };
            TsneResult result = Tsne.OfCodes(codes, options);
            double purity = NeighbourPurity.Of(result.Points, panel.QueryClasses, Math.Min(Neighbours, codes.Length - 1));
            IReadOnlyList<string> names = report.Reproducer.Manifest.Dataset.ClassNames;
            report.Figure($"fig7-{method}", new ScatterFigure(result.Points, panel.QueryClasses, names), 1, string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"t-SNE of the codes of the {codes.Length} queries, {Report.TitleOf(method)}, {plan.Options.ReferenceBits} bits, perplexity {options.Perplexity:0.#}; divergence {result.Divergences[0].Value:0.00} at first, {result.Divergences[^1].Value:0.00} at the end; {100 * purity:0.0} % of the {Neighbours} nearest neighbours in the plane have the same class."));
            drawn++;
        }

        report.Counts["fig7"] = drawn;
    }

    /// <summary>Figs. 8 to 10.</summary>
    public static void PrecisionRecall(Report report, string target)
    {
        (string Title, EvaluationReport? Evaluation)[] methods = Methods(report);
        int there = methods.Count(m => m.Evaluation is not null);
        string conditions = Conditions(report);
        report.Figure(target, new PrecisionRecallFigure([.. methods.Select(m => ByRank(m.Title, m.Evaluation))], RecallBy.Rank), there, $"Precision against recall by rank; {conditions}.");
        report.Figure($"{target}-radius", new PrecisionRecallFigure([.. methods.Select(m => ByRadius(m.Title, m.Evaluation))], RecallBy.Radius), there, $"The same by Hamming radius; {conditions}.");
    }

    /// <summary>Fig. 11.</summary>
    public static void PrecisionInBall(Report report)
    {
        Plan plan = report.Plan;
        var curves = new List<Curve>();
        foreach (string method in plan.Comparison(plan.Options.ReferenceBits, plan.Options.Seeds[0]).Select(cell => cell.Method))
        {
            (int Bits, EvaluationReport? Evaluation)[] points = [.. plan.Options.Bits.Select(bits => (bits, report.Of(Tables.CellOf(plan, method, bits, plan.Options.Seeds[0]))))];
            points = [.. points.Where(p => p.Evaluation is not null)];
            curves.Add(points.Length == 0
                ? Curve.Missing(Legend(method))
                : new Curve(Legend(method), [.. points.Select(p => (double)p.Bits)], [.. points.Select(p => p.Evaluation!.Retrieval.Ball.Precision)]));
        }

        report.Figure("fig11", new PrecisionInBallFigure(curves), curves.Count(c => !c.IsMissing), $"Precision within Hamming radius 2, an empty ball counting as 0; seed {plan.Options.Seeds[0]}.");
    }

    /// <summary>Figs. 12 to 14.</summary>
    public static void PrecisionAtN(Report report, string target)
    {
        (string Title, EvaluationReport? Evaluation)[] methods = Methods(report);
        report.Figure(
            target, new PrecisionAtNFigure([.. methods.Select(m => ByN(m.Title, m.Evaluation))]), methods.Count(m => m.Evaluation is not null), $"P@N; {Conditions(report)}.");
    }

    /// <summary>Fig. 15.</summary>
    public static void FirstResults(Report report)
    {
        Plan plan = report.Plan;
        Cell cell = plan.Trained("dpfah", plan.Options.ReferenceBits, plan.Options.Seeds[0]);
        if (report.Reproducer.Of(cell).Panel is not { } panel)
        {
            report.Missing("fig15", $"the cell {cell.Name} was not measured");
            return;
        }

        EvaluationSplit split = report.Reproducer.OpenEvaluation("draw fig15");
        RetrievalColumn[] columns =
        [
            .. panel.Rows.Select(row => new RetrievalColumn(
                NameOf(split.Queries, row.Query),
                split.Queries.Read(row.Query),
                [.. row.Hits.Select(hit => new RetrievalResult(split.Database.Read(hit.Position), hit.Relevant))])),
        ];
        report.Figure("fig15", new TopResultsFigure(columns), columns.Length, $"The first query of each of eight classes and its first ten results; DPFAH, {plan.Options.ReferenceBits} bits.");
    }

    /// <summary>The validation curves.</summary>
    public static void Validation(Report report)
    {
        var losses = new List<Curve>();
        var maps = new List<Curve>();
        foreach (Cell cell in report.Plan.ValidationCurves())
        {
            IReadOnlyList<EpochReport> epochs = report.Reproducer.Of(cell).Epochs;
            EpochReport[] measured = [.. epochs.Where(e => e.Validation is not null)];
            string title = Report.TitleOf(cell.Method);
            losses.Add(epochs.Count == 0 ? Curve.Missing(title) : new Curve(title, [.. epochs.Select(e => (double)e.Epoch)], [.. epochs.Select(e => e.Loss)]));
            maps.Add(measured.Length == 0
                ? Curve.Missing(title)
                : new Curve(title, [.. measured.Select(e => (double)e.Epoch)], [.. measured.Select(e => e.Validation!["map"])]));
        }

        report.Figure("epochs", new TrainingFigure(losses, maps), maps.Count(c => !c.IsMissing),
            $"Loss in training and mAP on {report.Plan.Options.HoldOut} pictures of each class that were held out of the training split, searched in the others; {report.Plan.Options.ReferenceBits} bits. No query was looked at.");
    }

    private static (string Title, EvaluationReport? Evaluation)[] Methods(Report report) =>
        [.. report.Plan.Comparison(report.Plan.Options.ReferenceBits, report.Plan.Options.Seeds[0]).Select(cell => (Legend(cell.Method), report.Of(cell)))];

    // In legends LSH and ITQ stand by their names alone: the styles of figures know them.
    private static string Legend(string method) => method is UnsupervisedModel.Itq or UnsupervisedModel.Lsh ? method.ToUpperInvariant() : Report.TitleOf(method);

    private static string Conditions(Report report) =>
        $"{report.Plan.Options.Dataset}, {report.Plan.Options.ReferenceBits} bits, seed {report.Plan.Options.Seeds[0]}";

    private static Curve ByRank(string title, EvaluationReport? e) => e is null
        ? Curve.Missing(title)
        : new Curve(title, [.. e.Retrieval.Ranking.ByRank.Select(p => p.Recall)], [.. e.Retrieval.Ranking.ByRank.Select(p => p.Precision)]);

    private static Curve ByRadius(string title, EvaluationReport? e) => e is null
        ? Curve.Missing(title)
        : new Curve(title, [.. e.Retrieval.ByRadius.Select(p => p.Recall)], [.. e.Retrieval.ByRadius.Select(p => p.Precision)]);

    private static Curve ByN(string title, EvaluationReport? e) => e is null ? Curve.Missing(title) : Curve.FromOne(title, e.Retrieval.Ranking.PrecisionCurve);

    private static int[] FirstOfEachClass(PictureSet pictures) =>
        [.. Enumerable.Range(0, pictures.Count).GroupBy(i => pictures.LabelsOf(i)[0]).OrderBy(g => g.Key).Select(g => g.First()).Take(8)];

    private static string NameOf(PictureSet pictures, int i) => string.Join(", ", pictures.LabelsOf(i).Select(label => pictures.ClassNames[label]));
}
