using System.Globalization;
using System.Net.Http.Headers;
using Dpfah.Api.Collections;
using Dpfah.Api.Hosting;
using Dpfah.Api.Images;
using Dpfah.Api.Search;
using Dpfah.Engine.Hosting;
using Dpfah.Learning.Datasets;
using Spectre.Console;

namespace Dpfah.Api.Demo;

/// <summary>
/// <c>--demo</c>: fills the default collection with the bundled pictures through the service's own HTTP API, searches with a
/// picture that is not among them, and says how to go on. What is there already is not sent again.
/// </summary>
internal sealed class DemoRunner(HttpClient client, ServiceState state, string dataFolder, IAnsiConsole console)
{
    private const string Collection = "default";
    private const int Parallelism = 16;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        int indexed = await console.Progress().Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(async progress =>
            {
                await WaitUntilStartedAsync(progress, cancellationToken);
                return await FillAsync(progress, cancellationToken);
            });
        console.MarkupLineInterpolated(
            CultureInfo.InvariantCulture, indexed == 0 ? $"All pictures of the demo were there already." : (FormattableString)$"Indexed {indexed:N0} pictures.");
        await SearchAsync(cancellationToken);
    }

    private async Task WaitUntilStartedAsync(ProgressContext progress, CancellationToken cancellationToken)
    {
        ProgressTask task = progress.AddTask("Starting");
        task.IsIndeterminate = true;
        Task started = state.WaitUntilStartedAsync(cancellationToken);
        while (!started.IsCompleted)
        {
            StartupStep step = state.Step;
            task.Description = Markup.Escape(step.Detail);
            task.IsIndeterminate = step.Done is null;
            task.Value = 100 * (step.Done ?? 0);
            await Task.WhenAny(started, Task.Delay(100, cancellationToken));
        }

        await started;
        (task.Description, task.IsIndeterminate, task.Value) = ("Model and index are loaded", false, 100);
    }

    private async Task<int> FillAsync(ProgressContext progress, CancellationToken cancellationToken)
    {
        IReadOnlyList<SamplePicture> sample = FashionSample.ReadDatabase();
        HashSet<string> there = await ListIdsAsync(cancellationToken);
        SamplePicture[] missing = [.. sample.Where(picture => !there.Contains(picture.Id))];
        ProgressTask task = progress.AddTask("Indexing pictures", maxValue: sample.Count);
        task.Increment(sample.Count - missing.Length);
        await Parallel.ForEachAsync(
            missing,
            new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken },
            async (picture, token) =>
            {
                await PutAsync(picture, token);
                task.Increment(1);
            });
        return missing.Length;
    }

    private async Task<HashSet<string>> ListIdsAsync(CancellationToken cancellationToken)
    {
        var ids = new HashSet<string>(StringComparer.Ordinal);
        string? cursor = null;
        do
        {
            ImageList page = await client.GetFromJsonAsync<ImageList>(
                $"/collections/{Collection}/images?limit={ApiLimits.MaxLimit}{(cursor is null ? "" : "&cursor=" + cursor)}", cancellationToken)
                ?? throw new InvalidOperationException("The service answered without a body.");
            ids.UnionWith(page.Items.Select(image => image.Id));
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        return ids;
    }

    private async Task PutAsync(SamplePicture picture, CancellationToken cancellationToken)
    {
        while (true)
        {
            using var form = new MultipartFormDataContent
            {
                { Picture(picture.Bytes), "image", "picture.png" },
                { new StringContent(picture.Label), "labels" },
            };
            using HttpResponseMessage response = await client.PutAsync(
                $"/collections/{Collection}/images/{Uri.EscapeDataString(picture.Id)}", form, cancellationToken);
            if (response.StatusCode == System.Net.HttpStatusCode.ServiceUnavailable)
            {
                await Task.Delay(response.Headers.RetryAfter?.Delta ?? TimeSpan.FromSeconds(1), cancellationToken);
                continue;
            }

            response.EnsureSuccessStatusCode();
            return;
        }
    }

    private async Task SearchAsync(CancellationToken cancellationToken)
    {
        SamplePicture query = FashionSample.ReadQueries()[^1];
        string file = Path.Combine(dataFolder, "demo", query.Label + ".png");
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllBytesAsync(file, query.Bytes, cancellationToken);

        using var form = new MultipartFormDataContent { { Picture(query.Bytes), "image", "query.png" } };
        using HttpResponseMessage response = await client.PostAsync("/search?k=5", form, cancellationToken);
        response.EnsureSuccessStatusCode();
        SearchResponse answer = await response.Content.ReadFromJsonAsync<SearchResponse>(cancellationToken)
            ?? throw new InvalidOperationException("The service answered without a body.");
        CollectionResponse collection = await client.GetFromJsonAsync<CollectionResponse>($"/collections/{Collection}", cancellationToken)
            ?? throw new InvalidOperationException("The service answered without a body.");

        var table = new Table().RoundedBorder()
            .Title(Markup.Escape($"The 5 nearest of {collection.Pictures:N0} pictures to {file}, a picture of class '{query.Label}' that is not among them"))
            .AddColumn("rank").AddColumn("id").AddColumn("label").AddColumn("distance (bits)").AddColumn("fine distance (bits)");
        foreach ((int rank, Hit hit) in answer.Hits.Index())
        {
            table.AddRow(
                [.. new[] { $"{rank + 1}", hit.Id, string.Join(", ", hit.Labels), $"{hit.Distance}", $"{hit.FineDistance}" }.Select(text => new Text(text))]);
        }

        console.WriteLine();
        console.Write(table);
        console.MarkupLineInterpolated(
            CultureInfo.InvariantCulture,
            $"Model [bold]{collection.Generation.Model}[/], {collection.Generation.Bits} bits. Decoding {answer.Timings.DecodeMs:0.0} ms, model {answer.Timings.ModelMs:0.0} ms, search {answer.Timings.SearchMs:0.0} ms.");
        console.WriteLine();
        console.MarkupLineInterpolated($"[green]Ready.[/] Documentation to try: [link]{client.BaseAddress}swagger/[/]. A search from another terminal:");
        console.WriteLine();
        string key = client.DefaultRequestHeaders.Authorization is null ? "" : $"-H \"X-Api-Key: ${ApiHost.AdminKeyVariable}\" ";
        string path = file.Contains(' ', StringComparison.Ordinal) ? $"'image=@{file}'" : $"image=@{file}";
        console.WriteLine($"  curl {key}-F {path} '{client.BaseAddress}search?k=5'");
        console.WriteLine();
    }

    private static ByteArrayContent Picture(byte[] bytes) => new(bytes) { Headers = { ContentType = new MediaTypeHeaderValue("image/png") } };
}
