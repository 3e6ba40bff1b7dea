using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Dpfah.Benchmarks;

/// <summary>One side of the comparison of services: a process, its address, and its children.</summary>
internal sealed class ServiceSide : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly Process process;
    private readonly HttpClient client;

    private ServiceSide(Process process, Uri address)
    {
        this.process = process;
        Address = address;
        client = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(30) };
    }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; }

    /// <summary>From the start of the process to its first good answer to a search.</summary>
    public TimeSpan TimeToReady { get; private set; }

    /// <summary>Starts it and waits until it answers.</summary>
    /// <param name="cores">The cores that it may use, as taskset takes them.</param>
    /// <param name="port">Where it is told to listen, on loopback.</param>
    /// <param name="log">File for what it says.</param>
    /// <param name="environment">Variables over this process's own.</param>
    /// <param name="command">Program and arguments.</param>
    public static async Task<ServiceSide> StartAsync(
        string cores, int port, string log, IReadOnlyDictionary<string, string> environment, params IEnumerable<string> command)
    {
        // A shell, so that the output goes to a file without anybody who reads it.
        var start = new ProcessStartInfo("/bin/sh", ["-c", "exec taskset -c \"$0\" \"$@\" > \"$LOG_FILE\" 2>&1", cores, .. command]);
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        start.Environment["LOG_FILE"] = log;
        var clock = Stopwatch.StartNew();
        var side = new ServiceSide(Process.Start(start)!, new Uri($"http://127.0.0.1:{port}"));
        try
        {
            while (!await side.AnswersAsync())
            {
                if (side.process.HasExited || clock.Elapsed > Patience)
                {
                    throw new InvalidOperationException($"It was not ready after {clock.Elapsed.TotalSeconds:0} s; its log: {await File.ReadAllTextAsync(log)}");
                }

                await Task.Delay(50);
            }
        }
        catch
        {
            await side.DisposeAsync();
            throw;
        }

        side.TimeToReady = clock.Elapsed;
        return side;
    }

    /// <summary>Searches by a code.</summary>
    public async Task<JsonElement> SearchByCodeAsync(string code)
    {
        using HttpResponseMessage response = await client.PostAsJsonAsync(ServiceLoad.ByCode, new { code, collection = ServiceData.Collection });
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }

    /// <summary>Searches by a picture.</summary>
    public async Task<JsonElement> SearchAsync(byte[] picture)
    {
        using var content = new ByteArrayContent(picture);
        content.Headers.ContentType = new("image/jpeg");
        using HttpResponseMessage response = await client.PostAsync(ServiceLoad.ByPicture, content);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }

    /// <summary>Memory of the process and its children in MB; what they share counts once.</summary>
    public double Megabytes() => Family().Sum(id => Directory.Exists($"/proc/{id}")
        ? File.ReadLines($"/proc/{id}/smaps_rollup").Where(line => line.StartsWith("Pss:", StringComparison.Ordinal))
            .Sum(line => double.Parse(line["Pss:".Length..^"kB".Length].Trim(), CultureInfo.InvariantCulture)) * 1024 / 1e6
        : 0);

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }

        process.Dispose();
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            using HttpResponseMessage response = await client.PostAsJsonAsync(
                ServiceLoad.ByCode, new { code = "0000000000000000", collection = ServiceData.Collection });
            return response.StatusCode == HttpStatusCode.BadRequest
                ? throw new InvalidOperationException($"{Address} refuses a search: {await response.Content.ReadAsStringAsync()}")
                : response.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private List<int> Family()
    {
        List<int> family = [process.Id];
        for (int i = 0; i < family.Count; i++)
        {
            // Each thread has a list of those that it has started itself.
            string threads = $"/proc/{family[i]}/task";
            foreach (string children in Directory.Exists(threads) ? Directory.GetDirectories(threads).Select(thread => $"{thread}/children").Where(File.Exists) : [])
            {
                family.AddRange(File.ReadAllText(children).Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(id => int.Parse(id, CultureInfo.InvariantCulture)));
            }
        }

        return family;
    }
}
