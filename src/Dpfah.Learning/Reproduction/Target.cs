namespace Dpfah.Learning.Reproduction;

/// <summary>A table or figure of the paper, repeated.</summary>
/// <param name="Name">Name on the command line, such as <c>table6</c>.</param>
/// <param name="Title">What it shows.</param>
/// <param name="Dataset">Name of the paper's data set; null where the target needs none.</param>
/// <param name="Cells">The cells that it is made of.</param>
/// <param name="Write">Adds it to a report, with what is there; missing cells stand as missing.</param>
public sealed record Target(string Name, string Title, string? Dataset, Func<Plan, IEnumerable<Cell>> Cells, Action<Report> Write)
{
    /// <summary>All targets, in the paper's order; <c>epochs</c> and <c>claims</c> are ours.</summary>
    public static IReadOnlyList<Target> All { get; } =
    [
        new("table1", "Layers and parameters", null, _ => [], Tables.Layers),
        new("table2", "Data sets and splits", "cifar10", _ => [], Tables.Splits),
        new("table3", "mAP by ζ, the weight of the classification", "cifar10", plan => Sensitivity(plan, "zeta"), report => Tables.Sensitivity(report, "zeta")),
        new("table4", "mAP by η, the weight of the quantisation", "cifar10", plan => Sensitivity(plan, "eta"), report => Tables.Sensitivity(report, "eta")),
        new("table5", "Ablation", "cifar10", Ablation, Tables.Ablation),
        new("table6", "mAP of all methods by length of the codes", "cifar10", Comparison, Tables.Comparison),
        new("fig3", "What the network looks at, without and with the attention", "cifar10", Explained, Pictures.Explanations),
        new("fig4", "mAP against ζ", "cifar10", plan => Sensitivity(plan, "zeta"), report => Pictures.Sensitivity(report, "fig4", "zeta")),
        new("fig5", "mAP against η", "cifar10", plan => Sensitivity(plan, "eta"), report => Pictures.Sensitivity(report, "fig5", "eta")),
        new("fig6", "Ablation: precision-recall and P@N", "cifar10", Ablation, Pictures.Ablation),
        new("fig7", "t-SNE of the codes of DPFAH and DBDH", "cifar10", Explained, Pictures.Embedding),
        .. new[] { ("fig8", "cifar10"), ("fig9", "nuswide21"), ("fig10", "imagenet100") }
            .Select(t => new Target(t.Item1, "Precision against recall", t.Item2, Reference, report => Pictures.PrecisionRecall(report, t.Item1))),
        new("fig11", "Precision within Hamming radius 2 against the length of the codes", "cifar10", Comparison, Pictures.PrecisionInBall),
        .. new[] { ("fig12", "cifar10"), ("fig13", "nuswide21"), ("fig14", "imagenet100") }
            .Select(t => new Target(t.Item1, "P@N against N", t.Item2, Reference, report => Pictures.PrecisionAtN(report, t.Item1))),
        new("fig15", "The first ten results", "imagenet100", plan => [plan.Trained("dpfah", plan.Options.ReferenceBits, plan.Options.Seeds[0])], Pictures.FirstResults),
        new("epochs", "Validation curves, by which the number of epochs was chosen", "cifar10", plan => plan.ValidationCurves(), Pictures.Validation),
    ];

    /// <summary>The targets of a whole report: those that differ by their data set only are there once.</summary>
    public static IReadOnlyList<Target> OfReport { get; } =
        [.. All.Where(target => target.Name is not ("fig9" or "fig10" or "fig13" or "fig14"))];

    private static IEnumerable<Cell> Comparison(Plan plan) =>
        Reference(plan).Concat(plan.Options.Bits.Except([plan.Options.ReferenceBits]).SelectMany(bits => plan.Comparison(bits, plan.Options.Seeds[0])));

    private static IEnumerable<Cell> Reference(Plan plan) => plan.Options.Seeds.SelectMany(seed => plan.Comparison(plan.Options.ReferenceBits, seed));

    private static IEnumerable<Cell> Ablation(Plan plan) => plan.Options.Seeds.SelectMany(seed => plan.Ablation(seed).Select(variant => variant.Cell));

    private static IEnumerable<Cell> Sensitivity(Plan plan, string parameter) =>
        (parameter == "eta" ? Plan.Etas : Plan.Zetas).Select(value => plan.Sensitivity(parameter, value, plan.Options.ReferenceBits));

    private static IEnumerable<Cell> Explained(Plan plan) =>
        [plan.Trained("dpfah", plan.Options.ReferenceBits, plan.Options.Seeds[0]), plan.Trained("dbdh", plan.Options.ReferenceBits, plan.Options.Seeds[0])];
}
