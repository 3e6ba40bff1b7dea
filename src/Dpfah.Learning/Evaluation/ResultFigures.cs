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
    public void Curves(IReadOnlyList<ModelMetrics> models) => Curves([.. models.Select(m => (m.Title, m.Report.Retrieval.Ranking))]);

    /// <summary><c>pr</c> and <c>precision-at-n</c>: one curve a model.</summary>
    /// <param name="models">What legends call each, and its metrics.</param>
    public void Curves(IReadOnlyList<(string Title, RankingMetrics Ranking)> models)
    {
        Curve[] precisionRecall =
        [
            .. models.Select(m => new Curve(m.Title, [.. m.Ranking.ByRank.Select(p => p.Recall)], [.. m.Ranking.ByRank.Select(p => p.Precision)])),
        ];
        Save("pr", new PrecisionRecallFigure(precisionRecall, RecallBy.Rank), new { curves = Data(precisionRecall) });
        Curve[] precisionAtN = [.. models.Select(m => Curve.FromOne(m.Title, m.Ranking.PrecisionCurve))];
        Save("precision-at-n", new PrecisionAtNFigure(precisionAtN), new { curves = Data(precisionAtN) });
    }

    /// <summary><c>tsne</c>: the codes of the queries in the plane, coloured by label; of many the first 500.</summary>
    /// <param name="model">The model.</param>
    /// <param name="queries">Its queries.</param>
    public void Embedding(ModelMetrics model, PictureSet queries)
    {
        int count = Math.Min(queries.Count, LargestEmbedding);
        Embedding(
            [.. Enumerable.Range(0, count).Select(i => model.Queries.Codes[i])],
            [.. Enumerable.Range(0, count).Select(i => (queries.NameOf(i), queries.ClassNames[queries.LabelsOf(i)[0]]))]);
    }

    /// <summary><c>tsne</c>: codes in the plane, coloured by label; left out for fewer than five.</summary>
    /// <param name="codes">The codes.</param>
    /// <param name="pictures">Id and label of each.</param>
    public void Embedding(IReadOnlyList<BinaryCode> codes, IReadOnlyList<(string Id, string Label)> pictures)
    {
        double perplexity = Math.Min(30, (codes.Count - 1) / 3.0);
        if (perplexity <= 1)
        {
            return;
        }

        TsneResult result = Tsne.OfCodes(codes, new TsneOptions { Perplexity = perplexity });
        string[] labels = [.. pictures.Select(picture => picture.Label)];
        string[] told = [.. labels.CountBy(label => label).OrderByDescending(c => c.Value).ThenBy(c => c.Key, StringComparer.Ordinal).Select(c => c.Key)];
        told = told.Length <= ClassesTold ? [.. told.Order(StringComparer.Ordinal)] : [.. told.Take(ClassesTold - 1).Order(StringComparer.Ordinal), Others];
        int[] colours = [.. labels.Select(label => Array.IndexOf(told, label)).Select(c => c < 0 ? told.Length - 1 : c)];
        Save("tsne", new ScatterFigure(result.Points, colours, told), new
        {
            perplexity,
            points = result.Points.Select((p, i) => new { id = pictures[i].Id, label = labels[i], x = Math.Round(p.X, 4), y = Math.Round(p.Y, 4) }),
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
        FirstResults(
        [
            .. shown.Select(query => new FirstResult(
                queries.NameOf(query),
                [.. queries.LabelsOf(query).Select(c => queries.ClassNames[c])],
                queries.Read(query),
                [
                    .. HammingRanking.Order(model.Queries.Codes[query], codes).Take(TopResultsFigure.DefaultResults).Select(hit => new FirstHit(
                        database.NameOf(hit),
                        Hamming.Distance(model.Queries.Codes[query].Words, codes[hit].Words),
                        model.Queries.Labels.Share(query, model.Database.Labels, hit),
                        database.Read(hit))),
                ])),
        ]);
    }

    /// <summary><c>top10</c>: queries with their nearest pictures.</summary>
    /// <param name="queries">The queries; the figure is left out without any.</param>
    public void FirstResults(IReadOnlyList<FirstResult> queries)
    {
        if (queries.Count == 0)
        {
            return;
        }

        RetrievalColumn[] columns =
        [
            .. queries.Select(query => new RetrievalColumn(
                string.Join(", ", query.Labels), query.Picture, [.. query.Hits.Select(hit => new Figures.RetrievalResult(hit.Picture, hit.IsRelevant))])),
        ];
        Save("top10", new TopResultsFigure(columns), new
        {
            columns = queries.Select(query => new
            {
                query = query.Id,
                labels = query.Labels,
                hits = query.Hits.Select(hit => new { id = hit.Id, distance = hit.Distance, relevant = hit.IsRelevant }),
            }),
        });
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
