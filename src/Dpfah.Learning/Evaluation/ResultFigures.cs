using System.Text.Encodings.Web;
using System.Text.Json;
using Dpfah.Core.Codes;
using Dpfah.Core.Evaluation;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Figures;
using Dpfah.Learning.Training;

namespace Dpfah.Learning.Evaluation;

/// <summary>The figures of a model, each as <c>NAME.svg</c>, <c>NAME.png</c> and, for programs, <c>NAME.json</c> with the numbers that it shows.</summary>
public sealed class ResultFigures
{
    private const int LargestEmbedding = 500;
    private const int ClassesTold = 40;
    private const int Columns = 8;
    private const string Others = "others";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly string folder;
    private readonly List<string> names = [];

    /// <summary>Prepares a folder.</summary>
    /// <param name="folder">Where the files will be; made when it is missing.</param>
    public ResultFigures(string folder)
    {
        Directory.CreateDirectory(folder);
        this.folder = folder;
    }

    /// <summary>Names of the files so far.</summary>
    public IReadOnlyList<string> Names => names;

    /// <summary><c>training</c>: the parts of the loss and the mAP on the validation pictures, epoch by epoch.</summary>
    /// <param name="title">What legends call the model.</param>
    /// <param name="epochs">The reports; at least one.</param>
    public void Training(string title, IReadOnlyList<EpochReport> epochs)
    {
        EpochReport[] measured = [.. epochs.Where(e => e.Validation is not null)];
        Curve[] losses =
        [
            Of("loss", epochs, e => e.Loss),
            .. epochs[0].Parts.Keys.Where(_ => epochs[0].Parts.Count > 1).Select(part => Of(part, epochs, e => e.Parts.GetValueOrDefault(part))),
        ];
        Curve[] validation = [measured.Length == 0 ? Curve.Missing(title) : Of(title, measured, e => e.Validation!["map"])];
        Save("training", new TrainingFigure(losses, validation), new { losses = Data(losses), validation = Data(validation) });

        static Curve Of(string name, IReadOnlyList<EpochReport> reports, Func<EpochReport, double> value) =>
            new(name, [.. reports.Select(e => (double)e.Epoch)], [.. reports.Select(value)]);
    }

    /// <summary><c>pr</c> and <c>precision-at-n</c>: one curve a model.</summary>
    /// <param name="models">The model, and that which it was trained from.</param>
    public void Curves(IReadOnlyList<ModelMetrics> models)
    {
        Curve[] precisionRecall =
        [
            .. models.Select(m => new Curve(m.Title, [.. m.Report.Retrieval.Ranking.ByRank.Select(p => p.Recall)], [.. m.Report.Retrieval.Ranking.ByRank.Select(p => p.Precision)])),
        ];
        Save("pr", new PrecisionRecallFigure(precisionRecall, RecallBy.Rank), new { curves = Data(precisionRecall) });
        Curve[] precisionAtN = [.. models.Select(m => Curve.FromOne(m.Title, m.Report.Retrieval.Ranking.PrecisionCurve))];
        Save("precision-at-n", new PrecisionAtNFigure(precisionAtN), new { curves = Data(precisionAtN) });
    }

    /// <summary><c>tsne</c>: the codes of the queries in the plane, coloured by label; of many the first 500.</summary>
    /// <param name="model">The model.</param>
    /// <param name="queries">Its queries.</param>
    public void Embedding(ModelMetrics model, PictureSet queries)
    {
        int count = Math.Min(queries.Count, LargestEmbedding);
        double perplexity = Math.Min(30, (count - 1) / 3.0);
        if (perplexity <= 1)
        {
            return; // fewer than five queries
        }

        TsneResult result = Tsne.OfCodes([.. Enumerable.Range(0, count).Select(i => model.Queries.Codes[i])], new TsneOptions { Perplexity = perplexity });
        string[] labels = [.. Enumerable.Range(0, count).Select(i => queries.ClassNames[queries.LabelsOf(i)[0]])];
        string[] told = [.. labels.CountBy(label => label).OrderByDescending(c => c.Value).ThenBy(c => c.Key, StringComparer.Ordinal).Select(c => c.Key)];
        told = told.Length <= ClassesTold ? [.. told.Order(StringComparer.Ordinal)] : [.. told.Take(ClassesTold - 1).Order(StringComparer.Ordinal), Others];
        int[] colours = [.. labels.Select(label => Array.IndexOf(told, label)).Select(c => c < 0 ? told.Length - 1 : c)];
        Save("tsne", new ScatterFigure(result.Points, colours, told), new
        {
            perplexity,
            points = result.Points.Select((p, i) => new { id = queries.NameOf(i), label = labels[i], x = Math.Round(p.X, 4), y = Math.Round(p.Y, 4) }),
        });
    }

    /// <summary><c>top10</c>: the first query of each of eight labels with its ten nearest pictures.</summary>
    /// <param name="model">The model.</param>
    /// <param name="queries">Its queries.</param>
    /// <param name="database">What they were searched in.</param>
    public void FirstResults(ModelMetrics model, PictureSet queries, PictureSet database)
    {
        BinaryCode[] codes = [.. Enumerable.Range(0, database.Count).Select(i => model.Database.Codes[i])];
        int[] shown = [.. Enumerable.Range(0, queries.Count).GroupBy(i => queries.LabelsOf(i)[0]).OrderBy(g => g.Key).Select(g => g.First()).Take(Columns)];
        var rows = shown
            .Select(query => (Query: query, Hits: HammingRanking.Order(model.Queries.Codes[query], codes).Take(TopResultsFigure.DefaultResults).ToArray()))
            .ToArray();
        RetrievalColumn[] columns =
        [
            .. rows.Select(row => new RetrievalColumn(
                string.Join(", ", queries.LabelsOf(row.Query).Select(c => queries.ClassNames[c])),
                queries.Read(row.Query),
                [.. row.Hits.Select(hit => new Figures.RetrievalResult(database.Read(hit), Relevant(row.Query, hit)))])),
        ];
        Save("top10", new TopResultsFigure(columns), new
        {
            columns = rows.Select(row => new
            {
                query = queries.NameOf(row.Query),
                labels = queries.LabelsOf(row.Query).Select(c => queries.ClassNames[c]),
                hits = row.Hits.Select(hit => new
                {
                    id = database.NameOf(hit),
                    distance = Hamming.Distance(model.Queries.Codes[row.Query].Words, codes[hit].Words),
                    relevant = Relevant(row.Query, hit),
                }),
            }),
        });

        bool Relevant(int query, int hit) => model.Queries.Labels.Share(query, model.Database.Labels, hit);
    }

    private static object[] Data(IEnumerable<Curve> curves) =>
        [.. curves.Select(c => new { name = c.Name, x = c.X.Select(v => Math.Round(v, 6)), y = c.Y.Select(v => Math.Round(v, 6)) })];

    private void Save(string name, Figure figure, object data)
    {
        figure.Save(folder, name);
        File.WriteAllText(Path.Combine(folder, $"{name}.json"), $"{JsonSerializer.Serialize(data, Json)}\n");
        names.AddRange([$"{name}.svg", $"{name}.png", $"{name}.json"]);
    }
}
