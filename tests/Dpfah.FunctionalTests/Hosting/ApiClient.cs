using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Dpfah.Api.Collections;
using Dpfah.Api.Images;
using Dpfah.Api.Search;

namespace Dpfah.FunctionalTests.Hosting;

/// <summary>A client of the HTTP API that sends targets as they are given, without folding dots or normalising escapes.</summary>
public sealed class ApiClient : IDisposable
{
    private readonly HttpClient http;
    private readonly Func<string>? tellErrors;

    /// <summary>Makes a client.</summary>
    /// <param name="address">Where the service listens.</param>
    /// <param name="key">API key; null for none.</param>
    /// <param name="tellErrors">Tells what the service logged as an error, for the messages of tests that fail.</param>
    public ApiClient(Uri address, string? key = null, Func<string>? tellErrors = null)
    {
        this.tellErrors = tellErrors;
        http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = address, Timeout = TimeSpan.FromSeconds(100) };
        if (key is not null)
        {
            KeyWatch.Add(key);
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }
    }

    /// <summary>Percent-encodes each byte of a path segment, so that no character keeps a meaning of its own.</summary>
    public static string Encode(string segment) => string.Concat(Encoding.UTF8.GetBytes(segment).Select(b => $"%{b:X2}"));

    /// <summary>Path of a picture.</summary>
    public static string ImagePath(string collection, string id) => $"/collections/{collection}/images/{Encode(id)}";

    /// <summary>Sends a request.</summary>
    /// <param name="method">HTTP method.</param>
    /// <param name="target">Path and query, sent as they are.</param>
    /// <param name="content">Body; null for none.</param>
    /// <param name="headers">Further request headers.</param>
    public async Task<Answer> SendAsync(
        HttpMethod method, string target, HttpContent? content = null, params (string Name, string Value)[] headers)
    {
        var uri = new Uri(
            http.BaseAddress!.GetLeftPart(UriPartial.Authority) + target,
            new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        using var request = new HttpRequestMessage(method, uri) { Content = content };
        foreach ((string name, string value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using HttpResponseMessage response = await http.SendAsync(request);
        return new Answer(response.StatusCode, response.Headers, response.Content.Headers, await response.Content.ReadAsByteArrayAsync())
        {
            Errors = response.StatusCode == HttpStatusCode.InternalServerError ? tellErrors?.Invoke() : null,
        };
    }

    /// <summary>Sends GET.</summary>
    public Task<Answer> GetAsync(string target, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Get, target, null, headers);

    /// <summary>Sends DELETE.</summary>
    public Task<Answer> DeleteAsync(string target, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Delete, target, null, headers);

    /// <summary>Sends JSON text.</summary>
    public Task<Answer> SendJsonAsync(HttpMethod method, string target, string json, params (string Name, string Value)[] headers) =>
        SendAsync(method, target, new StringContent(json, Encoding.UTF8, "application/json"), headers);

    /// <summary>Makes a collection with a name of its own.</summary>
    public async Task<string> CreateCollectionAsync()
    {
        string name = $"c-{Guid.NewGuid():n}";
        (await SendAsync(HttpMethod.Put, $"/collections/{name}")).Read<CollectionResponse>(HttpStatusCode.Created);

        // Transactions of other tests on the same server may hold the index back for moments.
        await Eventually.BecomesAsync(() => GetAsync($"/collections/{name}"), answer => answer.Status == HttpStatusCode.OK);
        return name;
    }

    /// <summary>Indexes a picture under an id.</summary>
    public Task<Answer> PutAsync(string collection, string id, byte[] picture, IEnumerable<string>? labels = null, string? metadata = null) =>
        SendAsync(HttpMethod.Put, ImagePath(collection, id), Form(picture, labels, metadata));

    /// <summary>Indexes a picture that is new.</summary>
    public async Task<ImageResponse> AddAsync(
        string collection, string id, byte[] picture, IEnumerable<string>? labels = null, string? metadata = null) =>
        (await PutAsync(collection, id, picture, labels, metadata)).Read<ImageResponse>(HttpStatusCode.Created);

    /// <summary>Searches by picture and reads the answer.</summary>
    public async Task<SearchResponse> FindAsync(byte[] picture, string query = "") =>
        (await SearchAsync(picture, query)).Read<SearchResponse>();

    /// <summary>Searches by picture, sent as the body.</summary>
    public Task<Answer> SearchAsync(byte[] picture, string query = "") => SendAsync(HttpMethod.Post, "/search" + query, Raw(picture));

    /// <summary>Searches by code.</summary>
    public Task<Answer> SearchCodeAsync(SearchByCodeRequest request, string query = "") =>
        SendJsonAsync(HttpMethod.Post, "/search/code" + query, JsonSerializer.Serialize(request, JsonSerializerOptions.Web));

    /// <summary>Lists all pictures of a collection in item order, by pages of 500.</summary>
    public async Task<List<ImageResponse>> ListAsync(string collection)
    {
        var images = new List<ImageResponse>();
        string? cursor = null;
        do
        {
            string next = cursor is null ? "" : $"&cursor={cursor}";
            ImageList page = (await GetAsync($"/collections/{collection}/images?limit=500{next}")).Read<ImageList>();
            images.AddRange(page.Items);
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        return images;
    }

    /// <summary>A picture as the body itself.</summary>
    public static ByteArrayContent Raw(byte[] picture) =>
        new(picture) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } };

    /// <summary>A picture as the field <c>image</c>, with labels and metadata.</summary>
    public static MultipartFormDataContent Form(byte[] picture, IEnumerable<string>? labels = null, string? metadata = null)
    {
        var form = new MultipartFormDataContent { { Raw(picture), "image", "picture.png" } };
        foreach (string label in labels ?? [])
        {
            form.Add(new StringContent(label), "labels");
        }

        if (metadata is not null)
        {
            form.Add(new StringContent(metadata), "metadata");
        }

        return form;
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();
}
