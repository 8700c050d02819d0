using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Pipeline.Reports;

namespace Pipeline.Hosting.Http;

/// <summary>Who is answered.</summary>
/// <remarks>
/// Without a token only names of this machine are taken in the Host header: a page in a browser here, whose name was made to lead here (DNS rebinding), shows its own. With a
/// token that is what is checked, for then any name may lead here; health is answered without it.
/// </remarks>
/// <param name="settings">Where HTTP listens.</param>
internal sealed class HttpAccess(HttpSettings settings)
{
    private const string Scheme = "Bearer ";
    private readonly byte[]? _token = settings.Token is null ? null : Encoding.UTF8.GetBytes(settings.Token);

    /// <summary>Answers what may not pass, and lets the rest pass.</summary>
    public Task CheckAsync(HttpContext context, RequestDelegate next)
    {
        HttpRequest request = context.Request;
        if (_token is null && !HttpSettings.IsLoopback(request.Host.Host) && !request.Host.Host.Equals(settings.Host, StringComparison.OrdinalIgnoreCase))
            return Refuse(context, StatusCodes.Status421MisdirectedRequest, $"no host of this server: {request.Host.Host}");
        if (IsTrusted(request) || request.Path.StartsWithSegments("/health")) return next(context);
        context.Response.Headers.WWWAuthenticate = Scheme.TrimEnd();
        return Refuse(context, StatusCodes.Status401Unauthorized, "a bearer token is needed");
    }

    /// <summary>It needs no token, or showed it.</summary>
    public bool IsTrusted(HttpRequest request)
    {
        if (_token is null) return true;
        string given = request.Headers.Authorization.ToString();
        return given.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given[Scheme.Length..].Trim()), _token);
    }

    private static Task Refuse(HttpContext context, int status, string why)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsync(why);
    }
}
