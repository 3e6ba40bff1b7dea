using System.Net;
using System.Text.Json;
using Dpfah.Api.Access;
using Dpfah.FunctionalTests.Hosting;

namespace Dpfah.FunctionalTests.Access;

/// <summary>Makes API keys.</summary>
internal static class ApiKeys
{
    /// <summary>Makes a key with a name of its own.</summary>
    /// <param name="admin">A client that may.</param>
    /// <param name="role">Its role.</param>
    /// <param name="collections">The collections that it sees; none for all.</param>
    public static async Task<CreatedKeyResponse> CreateKeyAsync(this ApiClient admin, string role, params string[] collections) =>
        await admin.CreateKeyAsync(new CreateKeyRequest($"k-{Guid.NewGuid():n}", role, collections.Length > 0 ? collections : null, null));

    /// <summary>Makes a key.</summary>
    public static async Task<CreatedKeyResponse> CreateKeyAsync(this ApiClient admin, CreateKeyRequest request)
    {
        CreatedKeyResponse made = (await admin.AskForKeyAsync(request)).Read<CreatedKeyResponse>(HttpStatusCode.Created);
        KeyWatch.Add(made.Key);
        return made;
    }

    /// <summary>Asks for a key that may be refused.</summary>
    public static Task<Answer> AskForKeyAsync(this ApiClient admin, CreateKeyRequest request) =>
        admin.SendJsonAsync(HttpMethod.Post, "/api-keys", JsonSerializer.Serialize(request, JsonSerializerOptions.Web));
}
