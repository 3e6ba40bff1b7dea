using System.Globalization;
using System.Text;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Evaluation;
using Dpfah.Learning.Figures;
using Dpfah.Learning.Losses;
using Dpfah.Learning.Models;
using Dpfah.Learning.Training;

namespace Dpfah.Learning.Reproduction;

/// <summary>A report in the making: Markdown, with its figures in a folder beside it.</summary>
public sealed class Report
{
    private readonly StringBuilder text = new();
    private readonly Dictionary<string, EvaluationReport?> evaluations = [];
    private readonly string name;

    /// <summary>Starts a report.</summary>
    /// <param name="plan">The scale and its cells.</param>
    /// <param name="reproducer">Where they are.</param>
    /// <param name="name">Name of the file, without its ending.</param>
    public Report(Plan plan, Reproducer reproducer, string name)
    {
        Plan = plan;
        Reproducer = reproducer;
        this.name = name;
    }

    /// <summary>The scale and its cells.</summary>
    public Plan Plan { get; }

    /// <summary>Where the cells are.</summary>
    public Reproducer Reproducer { get; }

    /// <summary>The report as a file.</summary>
    public string FilePath => Path.Combine(Reproducer.Folder, $"{name}.md");

    /// <summary>What was written: rows of tables, curves and panels of figures, by target; for tests and the terminal.</summary>
    public Dictionary<string, int> Counts { get; } = [];

    /// <summary>Writes targets into the report and saves it.</summary>
    /// <param name="targets">The targets.</param>
    /// <param name="whole">Whether it is the report of everything: with introduction and claims.</param>
    /// <param name="measureCosts">Whether to time the attention anew, although its costs are there; only in a whole report.</param>
    public void Write(IReadOnlyList<Target> targets, bool whole, bool measureCosts = false)
    {
        foreach (Target target in targets)
        {
            Heading($"{target.Title} ({target.Name})");
            if (!whole)
            {
                TellDataset(target);
            }

            target.Write(this);
        }

        if (whole)
        {
            Heading("The paper's claims");
            Claims.Write(this, AttentionCosts.ReadOrMeasure(Path.Combine(Reproducer.Folder, AttentionCosts.FileName), measureCosts));
            AddAnalysis();

            // It stands first and is written last: it says how often the queries were opened, which figures do too.
            string body = text.ToString();
            text.Clear();
            Introduction.Write(this);
            text.Append(body);
        }
        else if (Reproducer.Warnings.Count > 0)
        {
            Paragraph($"Of the data set: {string.Join(" ", Reproducer.Warnings)}");
        }

        string content = text.ToString();
        Directory.CreateDirectory(Reproducer.Folder);
        AtomicFile.Write(FilePath, stream => stream.Write(Encoding.UTF8.GetBytes(content)));
    }

    /// <summary>Says so where the paper shows another data set at this place.</summary>
    private void TellDataset(Target target)
    {
        if (target.Dataset is string paper && paper != Plan.Options.Dataset)
        {
            Paragraph($"In the paper of {DatasetCatalogue.Find(paper).Title}; here of {Plan.Options.Dataset}.");
        }
    }

    /// <summary>What people found about the results: a file of the folder, which the report takes up as it is.</summary>
    private void AddAnalysis()
    {
        string path = Path.Combine(Reproducer.Folder, "analysis.md");
        if (File.Exists(path))
        {
            Heading("Analysis");
            Paragraph(File.ReadAllText(path).Trim());
        }
    }

    /// <summary>What was measured in a cell; null where it is missing.</summary>
    public EvaluationReport? Of(Cell cell)
    {
        if (!evaluations.TryGetValue(cell.Name, out EvaluationReport? evaluation))
        {
            CellFolder folder = Reproducer.Of(cell);
            folder.ThrowIfOptionsDiffer();
            evaluation = folder.Evaluation;
            evaluations.Add(cell.Name, evaluation);
        }

        return evaluation;
    }

    /// <summary>Adds a paragraph.</summary>
    public void Paragraph(string paragraph) => text.Append(paragraph).Append("\n\n");

    /// <summary>Adds a heading of the second rank.</summary>
    public void Heading(string heading) => text.Append(CultureInfo.InvariantCulture, $"## {heading}\n\n");

    /// <summary>Adds the heading of the whole report.</summary>
    public void Title(string title) => text.Append(CultureInfo.InvariantCulture, $"# {title}\n\n");

    /// <summary>Adds a table.</summary>
    public void Table(string target, MarkdownTable table)
    {
        text.Append(table).Append('\n');
        Counts[target] = table.Count;
    }

    /// <summary>Saves a figure beside the report and shows it there.</summary>
    /// <param name="target">Name of the target, and of its files.</param>
    /// <param name="figure">The figure.</param>
    /// <param name="count">Curves or panels with data.</param>
    /// <param name="caption">What it shows.</param>
    public void Figure(string target, Figure figure, int count, string caption)
    {
        string folder = Path.Combine(Reproducer.Folder, "figures");
        Directory.CreateDirectory(folder);
        figure.Save(folder, target);
        text.Append(CultureInfo.InvariantCulture, $"![{caption}](figures/{target}.png)\n\n{caption} ([SVG](figures/{target}.svg))\n\n");
        Counts[target] = count;
    }

    /// <summary>Tells that nothing can be shown yet.</summary>
    public void Missing(string target, string reason)
    {
        Paragraph($"*missing: {reason}*");
        Counts[target] = 0;
    }

    /// <summary>The report so far.</summary>
    public override string ToString() => text.ToString();

    /// <summary>Name of a method in reports.</summary>
    public static string TitleOf(string method) => method switch
    {
        UnsupervisedModel.Itq => "ITQ (no labels)",
        UnsupervisedModel.Lsh => "LSH (no labels)",
        _ => HashingMethod.Named(method).Title,
    };

    /// <summary>A share of one with four digits.</summary>
    public static string Number(double? value) => value is double number ? number.ToString("0.0000", CultureInfo.InvariantCulture) : "missing";

    /// <summary>Mean and, of several, standard deviation of the values that are there; <c>missing</c> of none.</summary>
    public static string MeanOf(IReadOnlyList<double?> values)
    {
        double[] there = [.. values.OfType<double>()];
        if (there.Length == 0)
        {
            return "missing";
        }

        string missing = there.Length < values.Count ? $" ({there.Length} of {values.Count})" : "";
        return there.Length == 1 ? Number(there[0]) + missing : $"{Number(there.Average())} ± {Number(Deviation(there))}{missing}";
    }

    /// <summary>Standard deviation of a sample.</summary>
    public static double Deviation(IReadOnlyList<double> values)
    {
        double mean = values.Average();
        return Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Count - 1));
    }

    /// <summary>mAP as the data set's protocol has it: of the whole ranking, or at its cut by the hits found.</summary>
    public double? MapOf(Cell cell)
    {
        int? cut = DatasetCatalogue.Find(Plan.Options.Dataset).Protocol.MapCut;
        EvaluationReport? evaluation = Of(cell);
        return cut is int k ? evaluation?.Retrieval.Ranking.MapAt.FirstOrDefault(m => m.K == k)?.Retrieved : evaluation?.Retrieval.Ranking.Map;
    }
}
