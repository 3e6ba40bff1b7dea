using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;

namespace Dpfah.Benchmarks;

/// <summary>Searches a running service, as any client does.</summary>
internal sealed class SampleClient(string address) : IDisposable
{
    private readonly HttpClient client = new() { BaseAddress = new Uri(address), Timeout = TimeSpan.FromMinutes(1) };

    /// <summary>Ids of the nearest pictures, nearest first.</summary>
    public async Task<string[]> SearchAsync(byte[] picture, int k)
    {
        using var content = new ByteArrayContent(picture);
        using HttpResponseMessage response = await client.PostAsync($"/search?k={k}", content);
        response.EnsureSuccessStatusCode();
        JsonElement answer = await response.Content.ReadFromJsonAsync<JsonElement>();
        return [.. answer.GetProperty("hits").EnumerateArray().Select(hit => hit.GetProperty("id").GetString()!)];
    }

    public void Dispose() => client.Dispose();

    /// <summary>Physical memory of a process, in bytes.</summary>
    public static long ResidentBytes(int processId)
    {
        using Process process = Process.GetProcessById(processId);
        return process.WorkingSet64;
    }
}
